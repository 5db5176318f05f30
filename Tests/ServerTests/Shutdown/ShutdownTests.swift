import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryServer

// jwt-gate 10 and 12.7, SEC-706
@Suite struct ShutdownTests {
    private func stream(_ rig: GateRig, sub: String) async throws -> (client: RawConnection, provider: RawConnection) {
        let asked = rig.upstream.requests.count
        let line = try rig.client()
        line.send(rig.chatRequest(token: rig.token(sub: sub), stream: true))
        let provider = try await rig.upstream.handed(asked)
        provider.send(RecordingUpstream.streamHead + RecordingUpstream.chunk("data: 1\n\n"))
        try await line.receive(until: "data: 1")
        return (line, provider)
    }

    /// Begins the gate's end. The latch opens when it has come.
    private func shutDown(_ rig: GateRig, grace: Double, isHurried: Bool = false) -> Latch {
        let ended = Latch()
        Task {
            await Shutdown(gate: rig.gate, grace: grace, clock: rig.clock).end { isHurried }
            ended.open()
        }
        return ended
    }

    /// Lets time pass in small steps until `isOver`.
    private func pass(_ rig: GateRig, until what: String, _ isOver: () async throws -> Bool) async throws {
        try await wait(for: what) {
            if try await isOver() { return true }
            rig.clock.advance(0.05)
            return false
        }
    }

    @Test func aStreamEndsInsideTheGraceAndAnotherIsCut() async throws {
        try await GateRig.run(upstream: RecordingUpstream.handingOver()) { rig async throws in
            let (short, shortProvider) = try await stream(rig, sub: "short")
            let (long, longProvider) = try await stream(rig, sub: "long")
            let began = rig.clock.monotonic
            let ended = shutDown(rig, grace: 5)
            try await wait(for: "the announcement") { try await rig.askAdmin("GET", "/health").status == 503 }
            // For a second the door stays open and says that it closes.
            #expect(try await rig.ask("GET", "/health").status == 503)
            try await pass(rig, until: "the door to close") {
                guard let line = try? rig.client() else { return true }
                line.leave()
                return false
            }
            #expect(rig.clock.monotonic.seconds(since: began) >= 1)

            shortProvider.send(RecordingUpstream.chunk("data: 2\n\n") + "0\r\n\r\n")
            let whole = try await short.answer()
            #expect(whole.isComplete)
            #expect(whole.text == "data: 1\n\ndata: 2\n\n")

            try await pass(rig, until: "the end") { ended.isOpen }
            let took = rig.clock.monotonic.seconds(since: began)
            #expect(took >= 5 && took <= 7)
            let half = try await long.answer()
            #expect(!half.isComplete)
            #expect(half.text.hasPrefix("data: 1\n\ndata: {\"error\":{"))
            #expect(half.text.contains("\"code\":\"shutting_down\""))
            #expect(half.text.hasSuffix("\n\n"))
            try await longProvider.receiveEnd()
            let entries = rig.log.entries.filter { $0.route == "/v1/chat/completions" }
            #expect(entries.map(\.outcome) == ["answered", "cut"])
            #expect(entries.last?.cut == "shutdown")
            #expect(rig.log.events.contains { $0.message == "answers were cut" })
            short.leave()
            long.leave()
        }
    }

    @Test func aGateWithoutWorkEndsAfterASecond() async throws {
        try await GateRig.run { rig async throws in
            let began = rig.clock.monotonic
            let ended = shutDown(rig, grace: 30)
            try await pass(rig, until: "the end") { ended.isOpen }
            let took = rig.clock.monotonic.seconds(since: began)
            #expect(took >= 1 && took <= 2)
        }
    }

    @Test func aSecondSignalCutsAtOnce() async throws {
        try await GateRig.run(upstream: RecordingUpstream.handingOver()) { rig async throws in
            // One has begun to be answered, one waits for its provider.
            let (begun, _) = try await stream(rig, sub: "begun")
            let waiting = try rig.client()
            waiting.send(rig.chatRequest())
            try await rig.upstream.requests(2)
            let began = rig.clock.monotonic
            let ended = shutDown(rig, grace: 30, isHurried: true)
            try await pass(rig, until: "the end") { ended.isOpen }
            #expect(rig.clock.monotonic.seconds(since: began) <= 1)
            #expect(try await !begun.answer().isComplete)
            try await waiting.receiveEnd()
            #expect(waiting.unread.isEmpty)
            let entries = rig.log.entries.filter { $0.route == "/v1/chat/completions" }
            #expect(entries.map(\.cut) == ["shutdown", "shutdown"])
            begun.leave()
            waiting.leave()
        }
    }
}
