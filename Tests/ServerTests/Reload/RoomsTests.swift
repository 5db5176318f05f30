import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryServer

// SEC-705: requests and streams under way are decided by the rooms they began in.
@Suite struct RoomsTests {
    private func stream(_ rig: GateRig, sub: String = "user-1") async throws -> (RawConnection, RawConnection) {
        let asked = rig.upstream.requests.count
        let line = try rig.client()
        line.send(rig.chatRequest("public-name", token: rig.token(sub: sub), stream: true))
        let provider = try await rig.upstream.handed(asked)
        provider.send(RecordingUpstream.streamHead + RecordingUpstream.chunk("data: 1\n\n"))
        try await line.receive(until: "data: 1")
        return (line, provider)
    }

    @Test func streamsSurviveWhateverIsReloaded() async throws {
        try await GateRig.run(upstream: RecordingUpstream.handingOver()) { rig async throws in
            let (line, provider) = try await stream(rig)
            for number in 0..<10 {
                let report = await rig.reload { configuration in
                    configuration.limits.concurrent = 1
                    configuration.identity.jwt[0].audiences = ["elsewhere-\(number)"]
                    configuration.providers.removeAll { $0.name == "main" }
                    configuration.models = [GateRig.model("*", "echo")]
                }
                #expect(report.outcome == .applied)
                provider.send(RecordingUpstream.chunk("data: more \(number)\n\n"))
                try await line.receive(until: "data: more \(number)")
            }
            provider.send("0\r\n\r\n")
            let answer = try await line.answer()
            #expect(answer.isComplete)
            #expect(answer.chunks.count == 11)
            #expect(try await rig.entry { $0.route == "/v1/chat/completions" }.outcome == "answered")
            line.leave()
            try await rig.expectBalanced()
        }
    }

    @Test func theRoomsBeforeAreFreedWhenTheirLastRequestEnds() async throws {
        try await GateRig.run({ $0.listen.workers = 2 }, upstream: RecordingUpstream.handingOver()) {
            rig async throws in
            let (line, provider) = try await stream(rig)
            weak let first = rig.gate.rooms
            await rig.reload { $0.models = [GateRig.model("*", "echo")] }
            weak let second = rig.gate.rooms
            #expect(first != nil)
            #expect(first !== second)
            #expect(try await rig.metric("gw_config_generations_in_use") == 2)
            // Nobody was in the second ones, on no loop.
            await rig.reload()
            try await wait(for: "the second rooms to be freed") { second == nil }
            #expect(first != nil)
            provider.send("0\r\n\r\n")
            #expect(try await line.answer().isComplete)
            try await wait(for: "the first rooms to be freed") { first == nil }
            #expect(try await rig.metric("gw_config_generations_in_use") == 1)
            line.leave()
        }
    }

    @Test func aRequestThatWaitsForKeysStaysInItsRooms() async throws {
        let keys = try KeySetHost(.hang, isUp: false)
        let issuer = TestIssuer()
        try await GateRig.run(
            { $0.models = [GateRig.model("*", "main")] },
            issuer: issuer,
            keys: keys
        ) { rig async throws in
            keys.start()
            rig.clock.advance(2)
            let line = try rig.client()
            line.send(rig.chatRequest("m"))
            try await keys.fetches(1)
            try await wait(for: "the call to be in its rooms") { rig.gate.inFlight == 1 }
            // The request waits for its keys under a table that sends everything to `main`.
            let report = await rig.reload { $0.models = [GateRig.model("other", "echo")] }
            #expect(report.outcome == .applied)
            try await keys.release(TestIssuer.keySet(issuer))
            #expect(try await line.answer().status == 200)
            #expect(rig.upstream.requests.count == 1)
            #expect(try await rig.chat("m").status == 404)
            line.leave()
        }
    }

    @Test func aKeptConnectionTakesTheNewRoomsWithItsNextRequest() async throws {
        try await GateRig.run { rig async throws in
            let line = try rig.client()
            line.send(rig.chatRequest("public-name"))
            #expect(try await line.answer().status == 200)
            await rig.reload { $0.models = [GateRig.model("other", "main")] }
            line.send(rig.chatRequest("public-name"))
            #expect(try await line.answer().status == 404)
            line.send(rig.chatRequest("other"))
            #expect(try await line.answer().status == 200)
            line.leave()
        }
    }
}
