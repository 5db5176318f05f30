import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryServer

// The built-in model's scripts through the whole gate.
@Suite struct EchoTests {
    @Test func itAnswersWhatItIsTold() async throws {
        try await GateRig.run { rig async throws in
            let answer = try await rig.chat("echo")
            #expect(answer.status == 200)
            #expect(answer.text.contains(#""content":"hello""#))
            let entry = try await rig.entry(of: answer)
            #expect(entry.provider == "echo")
            #expect(entry.model == "echo*")
            #expect(entry.upstream_ms == nil)
            #expect(entry.tokens_in == 1)
            let stream = try await rig.chat("echo", stream: true)
            #expect(stream["content-type"] == "text/event-stream; charset=utf-8")
            #expect(stream.text.hasSuffix("data: [DONE]\n\n"))
            #expect(stream.isComplete)
            #expect(rig.upstream.requests.isEmpty)
        }
    }

    @Test func aStreamThatIsDroppedEndsAbnormally() async throws {
        try await GateRig.run { rig async throws in
            let answer = try await rig.chat("echo-drop-after-3", stream: true)
            #expect(answer.status == 200)
            #expect(!answer.isComplete)
            // Three events, and the error in the words of the client's API (SEC-505).
            #expect(answer.chunks.count == 4)
            #expect(answer.text.contains("upstream_cut"))
            let entry = try await rig.entry(of: answer)
            #expect(entry.outcome == "cut")
            #expect(entry.cut == "upstream")
            let whole = try await rig.chat("echo-drop-after-3")
            #expect(!whole.isComplete)
            #expect(whole.body.count < Int(whole["content-length"] ?? "") ?? 0)
            try await rig.expectBalanced()
        }
    }

    @Test func aScriptedFailureCarriesItsFields() async throws {
        try await GateRig.run { rig async throws in
            let limited = try await rig.chat("echo-429-2s")
            #expect(limited.status == 429)
            #expect(limited.values("retry-after") == ["2"])
            #expect(try await rig.chat("echo-fail-503").status == 503)
        }
    }

    @Test func aClientThatLeavesEndsASlowAnswer() async throws {
        try await GateRig.run { rig async throws in
            for stream in [true, false] {
                let line = try rig.client()
                let body = GateRig.question("echo-slow-60000ms", stream: stream)
                let token = rig.token(sub: "slow-\(stream)")
                let resting = rig.clock.sleeping
                line.send(rig.request("POST", "/v1/chat/completions", token: token, body: body))
                try await wait(for: "the pause") { rig.clock.sleeping > resting }
                line.leave()
                // No time passes: the pause itself ends.
                try await wait(for: "the call's end") { rig.gate.inFlight == 0 }
            }
            try await wait(for: "the entries") { rig.log.entries.count == 2 }
            #expect(rig.log.entries.map(\.cut) == ["client", "client"])
            try await rig.expectBalanced()
        }
    }
}
