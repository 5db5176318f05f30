import OstiaryCore
import OstiaryTesting
import Synchronization
import Testing

@testable import OstiaryServer

// jwt-gate 10 and 12.7, SEC-706
@Suite struct ShutdownTests {
    private func stream(_ rig: GateRig, sub: String) async throws -> (client: RawLine, provider: RawLine) {
        let asked = rig.upstream.requests.count
        let line = try await rig.connect()
        line.send(
            rig.request(
                "POST",
                "/v1/chat/completions",
                token: rig.token(sub: sub),
                body: GateRig.question(stream: true)
            )
        )
        try await wait(for: "the provider to be asked") { rig.upstream.requests.count > asked }
        let provider = try #require(rig.upstream.lines.last)
        provider.send(Upstream.streamHead + Upstream.chunk("data: 1\n\n"))
        try await wait(for: "the first piece") { String(decoding: line.waiting, as: UTF8.self).contains("data: 1") }
        return (line, provider)
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
        try await GateRig.run(upstream: Upstream.silent) { rig async throws in
            let (short, shortProvider) = try await stream(rig, sub: "short")
            let (long, longProvider) = try await stream(rig, sub: "long")
            let began = rig.clock.monotonic
            let ended = Flag()
            let end = Task {
                await Shutdown(gate: rig.gate, grace: 5, clock: rig.clock).end { false }
                ended.raise()
            }
            try await wait(for: "the announcement") { try await rig.askAdmin("GET", "/health").status == 503 }
            // For a second the door stays open and says that it closes.
            #expect(try await rig.ask("GET", "/health").status == 503)
            try await pass(rig, until: "the door to close") {
                guard let line = try? await rig.connect() else { return true }
                line.close()
                return false
            }
            #expect(rig.clock.monotonic.seconds(since: began) >= 1)

            shortProvider.send(Upstream.chunk("data: 2\n\n") + "0\r\n\r\n")
            let whole = try await short.nextAnswer()
            #expect(!whole.isCut)
            #expect(whole.text == "data: 1\n\ndata: 2\n\n")

            try await pass(rig, until: "the end") { ended.isRaised }
            let took = rig.clock.monotonic.seconds(since: began)
            #expect(took >= 5 && took <= 7)
            let half = try await long.nextAnswer()
            #expect(half.isCut)
            #expect(half.text == "data: 1\n\n")
            try await wait(for: "the request's end at the provider") { longProvider.end != nil }
            await end.value
            let entries = rig.log.entries.filter { $0.route == "/v1/chat/completions" }
            #expect(entries.map(\.outcome) == ["answered", "cut"])
            #expect(entries.last?.cut == "shutdown")
            #expect(rig.log.events.contains { $0.message == "answers were cut" })
            short.close()
            long.close()
        }
    }

    @Test func aGateWithoutWorkEndsAfterASecond() async throws {
        try await GateRig.run { rig async throws in
            let began = rig.clock.monotonic
            let ended = Flag()
            let end = Task {
                await Shutdown(gate: rig.gate, grace: 30, clock: rig.clock).end { false }
                ended.raise()
            }
            try await pass(rig, until: "the end") { ended.isRaised }
            let took = rig.clock.monotonic.seconds(since: began)
            #expect(took >= 1 && took <= 2)
            await end.value
        }
    }

    @Test func aSecondSignalCutsAtOnce() async throws {
        try await GateRig.run(upstream: Upstream.silent) { rig async throws in
            // One has begun to be answered, one waits for its provider.
            let (begun, _) = try await stream(rig, sub: "begun")
            let waiting = try await rig.connect()
            waiting.send(rig.request("POST", "/v1/chat/completions", token: rig.token(), body: GateRig.question()))
            try await wait(for: "the provider to be asked") { rig.upstream.requests.count == 2 }
            let began = rig.clock.monotonic
            let ended = Flag()
            let end = Task {
                await Shutdown(gate: rig.gate, grace: 30, clock: rig.clock).end { true }
                ended.raise()
            }
            try await pass(rig, until: "the end") { ended.isRaised }
            await end.value
            #expect(rig.clock.monotonic.seconds(since: began) <= 1)
            #expect(try await begun.nextAnswer().isCut)
            try await wait(for: "the other connection's end") { waiting.end != nil }
            #expect(waiting.waiting.isEmpty)
            let entries = rig.log.entries.filter { $0.route == "/v1/chat/completions" }
            #expect(entries.map(\.cut) == ["shutdown", "shutdown"])
            begun.close()
            waiting.close()
        }
    }
}

/// Something that has happened.
private final class Flag: Sendable {
    private let state = Atomic<Bool>(false)
    var isRaised: Bool { state.load(ordering: .acquiring) }
    func raise() { state.store(true, ordering: .releasing) }
}
