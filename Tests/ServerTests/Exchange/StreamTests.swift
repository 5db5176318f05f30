import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryServer

// jwt-gate 8 and 12.6
@Suite struct StreamTests {
    private func ask(_ rig: GateRig) throws -> RawConnection {
        let line = try rig.client()
        line.send(rig.chatRequest(stream: true))
        return line
    }

    @Test func aLongSilentStreamSurvives() async throws {
        try await GateRig.run(upstream: RecordingUpstream.handingOver()) { rig async throws in
            let line = try ask(rig)
            let provider = try await rig.upstream.handed()
            provider.send(RecordingUpstream.streamHead)
            let head = try await line.head()
            #expect(head.status == 200)
            #expect(head["content-type"] == "text/event-stream")
            for number in 0..<15 {
                try await rig.pass(40)
                provider.send(RecordingUpstream.chunk("data: \(number)\n\n"))
                // Each piece is passed on as it comes, not when the answer is complete.
                try await line.receive(until: "data: \(number)\n\n")
            }
            provider.send("0\r\n\r\n")
            #expect(try await line.answer().chunks.count == 15)
            let entry = try await rig.entry { $0.route == "/v1/chat/completions" }
            #expect(entry.outcome == "answered")
            #expect((entry.duration_ms ?? 0) >= 600_000)
            #expect((entry.upstream_ms ?? 0) >= 600_000)
            line.leave()
            try await rig.expectBalanced()
        }
    }

    @Test func aHeadThatTakesLongerThanFiveMinutesIsATimeout() async throws {
        try await GateRig.run(upstream: RecordingUpstream.handingOver()) { rig async throws in
            let line = try ask(rig)
            let provider = try await rig.upstream.handed()
            try await rig.pass(299)
            #expect(try await line.staysSilent(milliseconds: 20))
            try await rig.pass(2)
            let answer = try await line.answer()
            #expect(answer.status == 504)
            #expect(answer.code == "upstream_timeout")
            try await provider.receiveEnd()
            #expect((try await rig.entry(of: answer).upstream_ms ?? 0) >= 300_000)
            line.leave()
            try await rig.expectBalanced()
        }
    }

    /// An answer that is here whole while its client is still behind with it leaves nothing of that to the next one.
    @Test func aConnectionThatWasHeldBackIsReadAgain() async throws {
        let event = "data: " + String(repeating: "x", count: 400_000) + "\n\n"
        let upstream = try RecordingUpstream { _ in
            [.send(RecordingUpstream.streamHead + RecordingUpstream.chunk(event) + "0\r\n\r\n")]
        }
        try await GateRig.run(upstream: upstream) { rig async throws in
            for _ in 0..<3 {
                let answer = try await rig.chat(stream: true)
                #expect(answer.isComplete)
                #expect(answer.body.count == event.utf8.count)
            }
            #expect(Set(rig.upstream.requests.map(\.connection)).count == 1)
            try await rig.expectBalanced()
        }
    }

    // SEC-505
    @Test func aProviderThatBreaksOffIsNoEnd() async throws {
        try await GateRig.run(upstream: RecordingUpstream.handingOver()) { rig async throws in
            let line = try ask(rig)
            let provider = try await rig.upstream.handed()
            provider.send(RecordingUpstream.streamHead + RecordingUpstream.chunk("data: 1\n\n"))
            try await line.receive(until: "data: 1")
            provider.leave()
            let answer = try await line.answer()
            #expect(!answer.isComplete)
            #expect(answer.text == "data: 1\n\n" + Self.chatError)
            let entry = try await rig.entry(of: answer)
            #expect(entry.status == 200)
            #expect(entry.outcome == "cut")
            #expect(entry.cut == "upstream")
            #expect(entry.cause == "upstream_cut")
            #expect(entry.level == "warning")
            try await rig.expectBalanced()
        }
    }

    private static let chatError =
        #"data: {"error":{"message":"The provider broke its answer off","#
        + #""type":"server_error","code":"upstream_cut","param":null}}"# + "\n\n"

    // SEC-505: half an event is nothing that a client may see, whether or not its reader would wait for the rest.
    @Test(arguments: [
        "data: {\"half\":", "data: {\"a\":1}\n", "event: x\ndata: {\"a\":1}", "da", "data: {\"a\":1}\r",
    ])
    func ofAnEventThatBreaksOffNothingPasses(half: String) async throws {
        try await GateRig.run(upstream: RecordingUpstream.handingOver()) { rig async throws in
            let line = try ask(rig)
            let provider = try await rig.upstream.handed()
            provider.send(RecordingUpstream.streamHead + RecordingUpstream.chunk("data: 1\n\n" + half))
            try await line.receive(until: "data: 1")
            provider.leave()
            let answer = try await line.answer()
            #expect(!answer.isComplete)
            #expect(answer.text == "data: 1\n\n" + Self.chatError)
            try await rig.expectBalanced()
        }
    }

    // SEC-505
    @Test func eachAPIHasItsOwnError() async throws {
        try await GateRig.run(upstream: RecordingUpstream.handingOver()) { rig async throws in
            let line = try rig.client()
            let body = #"{"model":"m","stream":true,"input":"hello"}"#
            line.send(rig.request("POST", "/v1/responses", token: rig.token(), body: body))
            let provider = try await rig.upstream.handed()
            let event = "event: response.created\ndata: {\"sequence_number\":0}\n\n"
            provider.send(RecordingUpstream.streamHead + RecordingUpstream.chunk(event) + "5\r\nxx")
            try await line.receive(until: event)
            provider.leave()
            let answer = try await line.answer()
            #expect(!answer.isComplete)
            let error = #"{"type":"error","sequence_number":1,"code":"upstream_cut","#
            #expect(answer.text.hasPrefix(event + "event: error\ndata: " + error))
            #expect(answer.text.hasSuffix("}\n\n"))
        }
    }

    // SEC-505: the provider ended its stream, so the gate adds nothing to it.
    @Test func anEndOfTheProvidersOwnIsAnEnd() async throws {
        let stream = "data: 1\n\ndata: [DONE]\n"
        let upstream = try RecordingUpstream.saying(
            RecordingUpstream.streamHead + RecordingUpstream.chunk(stream) + "0\r\n\r\n"
        )
        try await GateRig.run(upstream: upstream) { rig async throws in
            let answer = try await rig.chat(stream: true)
            #expect(answer.isComplete)
            #expect(answer.text == stream)
        }
    }

    // SEC-507
    @Test func whatClientsCouldDivideDifferentlyIsWrittenAnew() async throws {
        let stream = "data: a\r\revent: error\rdata: b\r\r"
        let upstream = try RecordingUpstream.saying(
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: \(stream.utf8.count)\r\n\r\n"
                + stream
        )
        try await GateRig.run(upstream: upstream) { rig async throws in
            let answer = try await rig.chat(stream: true)
            #expect(answer.isComplete)
            #expect(answer.text == "data: a\n\nevent: error\ndata: b\n\n")
        }
    }

    // SEC-507
    @Test func anEndlessLineIsCutWithAnError() async throws {
        let upstream = try RecordingUpstream { _ in
            [
                .send(RecordingUpstream.streamHead + RecordingUpstream.chunk("data: 1\n\n")),
                .send("ffffffff\r\ndata: "), .flood([UInt8](repeating: 0x61, count: 65_536)),
            ]
        }
        try await GateRig.run(upstream: upstream) { rig async throws in
            let answer = try await rig.chat(stream: true)
            #expect(!answer.isComplete)
            #expect(answer.text.hasPrefix("data: 1\n\ndata: {\"error\":{"))
            #expect(answer.text.contains("upstream_protocol_error"))
            try await rig.upstream.left(0)
            #expect(rig.upstream.record.value.flooded < 16 << 20)
            #expect(try await rig.entry(of: answer).cause == "line_too_long")
            try await rig.expectBalanced()
            #expect(try await rig.metric("gw_held_body_bytes") == 0)
        }
    }

    @Test func aShortDocumentIsNoEnd() async throws {
        let bytes = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"half\":"
        try await GateRig.run(upstream: RecordingUpstream.saying(bytes, thenCloses: true)) { rig async throws in
            let answer = try await rig.chat()
            #expect(!answer.isComplete)
            #expect(try await rig.entry(of: answer).cut == "upstream")
            try await rig.expectBalanced()
        }
    }

    // SEC-703
    @Test(arguments: [true, false]) func aClientThatLeavesEndsItsRequest(begun: Bool) async throws {
        try await GateRig.run(upstream: RecordingUpstream.handingOver()) { rig async throws in
            let line = try ask(rig)
            let provider = try await rig.upstream.handed()
            if begun {
                provider.send(RecordingUpstream.streamHead + RecordingUpstream.chunk("data: 1\n\n"))
                _ = try await line.head()
            }
            line.leave()
            try await provider.receiveEnd()
            let entry = try await rig.entry { $0.route == "/v1/chat/completions" }
            #expect(entry.outcome == "cut")
            #expect(entry.cut == "client")
            #expect(entry.status == (begun ? 200 : 499))
            #expect(entry.level == "warning")
            try await rig.expectBalanced()
            #expect(rig.log.entries.count { $0.route == "/v1/chat/completions" } == 1)
        }
    }

    @Test func aSlotIsFreeAfterEveryEnd() async throws {
        try await GateRig.run({ $0.limits.concurrent = 1 }, upstream: RecordingUpstream.handingOver()) {
            rig async throws in
            var asked = 0
            for end in ["complete", "broken", "client leaves", "refused", "complete"] {
                let line = try ask(rig)
                let provider = try await rig.upstream.handed(asked)
                asked += 1
                let second = try await rig.chat()
                #expect(second.status == 429, "\(end)")
                #expect(second.code == "concurrency_limit_exceeded")
                #expect(second["retry-after"] == "1")
                switch end {
                case "broken":
                    provider.send(RecordingUpstream.streamHead + RecordingUpstream.chunk("data: x\n\n"))
                    provider.leave()
                    #expect(try await !line.answer().isComplete)
                case "client leaves": line.leave()
                case "refused":
                    provider.send("HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n")
                    #expect(try await line.answer().status == 502)
                default:
                    provider.send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}")
                    #expect(try await line.answer().status == 200)
                }
                line.leave()
                try await rig.expectBalanced()
            }
        }
    }

    @Test func aSlowClientHoldsTheProviderBack() async throws {
        let piece = "data: " + String(repeating: "x", count: 64 * 1024 - 8) + "\n\n"
        let steps = Array(repeating: RecordingUpstream.Step.send(RecordingUpstream.chunk(piece)), count: 64)
        let upstream = try RecordingUpstream { _ in
            [.send(RecordingUpstream.streamHead)] + steps + [.send("0\r\n\r\n")]
        }
        try await GateRig.run(upstream: upstream) { rig async throws in
            let line = try ask(rig)
            let answer = try await line.answer()
            #expect(answer.body.count == 64 * 64 * 1024)
            #expect(answer.isComplete)
            line.leave()
            try await rig.expectBalanced()
        }
    }
}
