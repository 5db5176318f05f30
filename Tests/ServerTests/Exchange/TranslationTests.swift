import OstiaryCore
import OstiaryModels
import OstiaryTesting
import Testing

@testable import OstiaryServer

// A client of one dialect, a provider of another.
@Suite struct TranslationTests {
    private static let question = MessagesTests.question
    private static let completion =
        #"{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"up","choices":[{"index":0,"message":"#
        + #"{"role":"assistant","content":"hi there"},"finish_reason":"stop"}],"#
        + #""usage":{"prompt_tokens":12,"completion_tokens":3,"total_tokens":15,"prompt_tokens_details":{"cached_tokens":4}}}"#

    private func ask(_ rig: GateRig, _ body: String = question, fields: [String] = []) async throws -> RawMessage {
        try await rig.ask("POST", "/v1/messages", token: rig.token(), fields: fields, body: body)
    }

    private func streaming(_ body: String = question) -> String {
        String(body.dropLast()) + #","stream":true}"#
    }

    @Test func aMessageIsPutAsACompletion() async throws {
        let upstream = try RecordingUpstream.answering(Self.completion, fields: "x-request-id: theirs\r\n")
        try await GateRig.run(upstream: upstream) { rig async throws in
            let body = Self.question.replacing(#""m""#, with: #""public-name""#)
            let fields = ["anthropic-version: 2023-06-01", "anthropic-beta: x", "accept: application/json"]
            let answer = try await ask(rig, body, fields: fields)
            #expect(answer.status == 200)
            #expect(answer["content-type"] == "application/json")
            #expect(answer["x-upstream-request-id"] == "theirs")
            #expect(answer.text.contains(#""type":"message""#))
            #expect(answer.text.contains(#""text":"hi there""#))
            #expect(answer.text.contains(#""model":"public-name""#))
            #expect(answer.text.contains(#""input_tokens":8"#))
            let request = try #require(rig.upstream.requests.first?.message)
            #expect(request.target == "/v1/chat/completions")
            #expect(request["authorization"] == "Bearer \(GateRig.providerKey)")
            #expect(request["content-type"] == "application/json")
            #expect(request["anthropic-version"] == nil)
            #expect(request["anthropic-beta"] == nil)
            #expect(request.text.contains(#""model":"upstream-name""#))
            let entry = try await rig.entry(of: answer)
            #expect(entry.tokens_in == 12)
            #expect(entry.tokens_out == 3)
            #expect(entry.tokens_estimated == false)
            try await rig.expectBalanced()
        }
    }

    private static func chunk(_ delta: String, _ finish: String = "null") -> String {
        #"data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"up","choices":[{"index":0,"delta":\#(delta),"finish_reason":\#(finish)}]}"#
            + "\n\n"
    }

    private static let usage =
        #"data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"up","choices":[],"usage":{"prompt_tokens":7,"completion_tokens":2,"total_tokens":9}}"#
        + "\n\ndata: [DONE]\n\n"

    private static let messageStart = """
        event: message_start
        data: {"type":"message_start","message":{"id":"m","type":"message","role":"assistant","model":"up","content":[],"usage":{"input_tokens":7}}}


        """
    private static let messageEnd = """
        event: message_delta
        data: {"type":"message_delta","delta":{"stop_reason":"max_tokens"},"usage":{"output_tokens":1}}

        event: message_stop
        data: {"type":"message_stop"}


        """

    @Test(arguments: [
        ("/v1/messages", "event: ping\ndata: {\"type\":\"ping\"}\n\n"), ("/v1/chat/completions", ": ping\n\n"),
    ])
    func `a stream on which the provider is silent is kept alive`(path: String, ping: String) async throws {
        let isMessages = path == "/v1/messages"
        let change: (inout Configuration) -> Void = { if !isMessages { MessagesTests.speaking(&$0) } }
        try await GateRig.run(change, upstream: RecordingUpstream.handingOver()) { rig async throws in
            let line = try rig.client()
            line.send(rig.request("POST", path, token: rig.token(), body: streaming()))
            let provider = try await rig.upstream.handed()
            let first = isMessages ? Self.chunk(#"{"content":"one"}"#) : Self.messageStart
            provider.send(RecordingUpstream.streamHead + RecordingUpstream.chunk(first))
            try await line.receive(until: isMessages ? #""text":"one""# : #""role":"assistant""#)
            // Not before fifteen seconds of silence, and then every fifteen.
            rig.clock.advance(14)
            let piece = RecordingUpstream.chunk(ping)
            for count in 1...2 {
                rig.clock.advance(2)
                try await line.receive(until: String(repeating: piece, count: count))
                rig.clock.advance(13)
            }
            let rest = isMessages ? Self.chunk("{}", #""stop""#) + Self.usage : Self.messageEnd
            provider.send(RecordingUpstream.chunk(rest) + "0\r\n\r\n")
            let answer = try await line.answer()
            #expect(answer.isComplete)
            #expect(answer.text.ranges(of: ping).count == 2)
            #expect(try await rig.entry(of: answer).finish == (isMessages ? "end" : "length"))
            line.leave()
            try await rig.expectBalanced()
        }
    }

    // R6
    @Test(arguments: [false, true])
    func `a provider of Messages never sees a signature that the gate made`(isLong: Bool) async throws {
        func body(_ thoughts: String) -> String {
            let words = isLong ? String(repeating: "x", count: 300_000) : "x"
            return #"{"model":"m","max_tokens":16, "messages":[{"role":"user","content":"\#(words)"},"#
                + #"{"role":"assistant","content":[\#(thoughts){"type":"text","text":"b"}]},{"role":"user","content":"c"}]}"#
        }
        func thought(_ signature: String) -> String {
            #"{"type":"thinking","thinking":"a","signature":"\#(signature)"},"#
        }
        let change: (inout Configuration) -> Void = { configuration in
            MessagesTests.speaking(&configuration)
            var other = configuration.providers[0]
            other.name = "other"
            other.kind = .openai
            configuration.providers.append(other)
        }
        try await GateRig.run(change) { rig async throws in
            for signature in ["ostiary.", "ostiary.r.abc"] {
                #expect(try await ask(rig, body(thought("c2ln") + thought(signature))).status == 200)
                let sent = try #require(rig.upstream.requests.last?.message.text)
                #expect(!sent.contains("ostiary.") && sent.contains(#""signature":"c2ln""#))
                #expect(sent.contains(#""text":"b""#))
            }
            // Whoever has none is passed on to the byte.
            let plain = body(thought("c2ln"))
            #expect(try await ask(rig, plain).status == 200)
            #expect(rig.upstream.requests.last?.message.text == plain)
        }
    }

    @Test func aStreamIsTranslatedAsItComes() async throws {
        try await GateRig.run(upstream: RecordingUpstream.handingOver()) { rig async throws in
            let line = try rig.client()
            line.send(rig.request("POST", "/v1/messages", token: rig.token(), body: streaming()))
            let provider = try await rig.upstream.handed()
            #expect(rig.upstream.requests.first?.message.text.contains(#""include_usage":true"#) == true)
            provider.send(RecordingUpstream.streamHead + RecordingUpstream.chunk(Self.chunk(#"{"content":"one"}"#)))
            try await line.receive(until: #""text":"one""#)
            provider.send(RecordingUpstream.chunk(Self.chunk("{}", #""stop""#) + Self.usage) + "0\r\n\r\n")
            let answer = try await line.answer()
            #expect(answer.isComplete)
            #expect(answer["content-type"] == "text/event-stream; charset=utf-8")
            #expect(answer.text.hasPrefix("event: message_start\n"))
            #expect(answer.text.contains(#""stop_reason":"end_turn""#))
            #expect(answer.text.contains("event: message_stop\n"))
            let entry = try await rig.entry(of: answer)
            #expect(entry.tokens_in == 7)
            #expect(entry.tokens_out == 2)
            line.leave()
            try await rig.expectBalanced()
        }
    }

    // SEC-505: neither a cut nor an end without a finish looks complete.
    @Test(arguments: [true, false])
    func anIncompleteStreamIsNoEnd(isCut: Bool) async throws {
        try await GateRig.run(upstream: RecordingUpstream.handingOver()) { rig async throws in
            let line = try rig.client()
            line.send(rig.request("POST", "/v1/messages", token: rig.token(), body: streaming()))
            let provider = try await rig.upstream.handed()
            provider.send(RecordingUpstream.streamHead + RecordingUpstream.chunk(Self.chunk(#"{"content":"one"}"#)))
            try await line.receive(until: #""text":"one""#)
            if isCut { provider.leave() } else { provider.send("0\r\n\r\n") }
            let answer = try await line.answer()
            #expect(!answer.isComplete)
            #expect(!answer.text.contains("message_stop"))
            #expect(answer.text.contains("event: error") == !isCut)
            let entry = try await rig.entry(of: answer)
            #expect(entry.cut == "upstream")
            // What was used so far is booked, by estimate.
            #expect((entry.tokens_in ?? 0) > 0)
            #expect(entry.tokens_estimated == true)
            try await rig.expectBalanced()
        }
    }

    // R17
    @Test(arguments: [true, false])
    func aClientThatLeavesEndsTheRequest(hasBegun: Bool) async throws {
        try await GateRig.run(upstream: RecordingUpstream.handingOver()) { rig async throws in
            let line = try rig.client()
            line.send(rig.request("POST", "/v1/messages", token: rig.token(), body: streaming()))
            let provider = try await rig.upstream.handed()
            if hasBegun {
                provider.send(RecordingUpstream.streamHead + RecordingUpstream.chunk(Self.chunk(#"{"content":"one"}"#)))
                try await line.receive(until: #""text":"one""#)
            }
            line.leave()
            // No time passes.
            try await provider.receiveEnd()
            try await rig.expectBalanced()
        }
    }

    @Test(arguments: [
        ("<html>", "200 OK", 502, "api_error"), (#"{"choices":[]"#, "200 OK", 502, "api_error"),
        (#"{"error":{"message":"no such model"}}"#, "404 Not Found", 404, "not_found_error"),
        (#"{"error":{"message":"slow down"}}"#, "429 Too Many Requests", 429, "rate_limit_error"),
        (#"{"error":{"message":"busy"}}"#, "503 Service Unavailable", 529, "overloaded_error"),
        ("<html>Bad Gateway</html>", "502 Bad Gateway", 502, "api_error"),
        (#"{"error":{"message":"key"}}"#, "401 Unauthorized", 502, "api_error"),
        (#"{"error":{"message":"odd"}}"#, "422 Unprocessable", 400, "invalid_request_error"),
    ])
    func aFailureIsSaidInTheClientsWords(_ said: String, _ status: String, _ code: Int, _ type: String) async throws {
        let upstream = try RecordingUpstream.answering(said, status: status, fields: "Retry-After: 3\r\n")
        try await GateRig.run(upstream: upstream) { rig async throws in
            let answer = try await ask(rig)
            #expect(answer.status == code)
            #expect(answer.errorType == type)
            if status.hasPrefix("429") {
                #expect(answer["retry-after"] == "3")
                #expect(answer.text.contains("slow down"))
            }
        }
    }

    @Test func aBodyThatCannotBeReadIsRefusedInTheClientsWords() async throws {
        try await GateRig.run { rig async throws in
            let answer = try await ask(rig, #"{"model":"m","max_tokens":1,"messages":7}"#)
            #expect(answer.status == 400)
            #expect(answer.errorType == "invalid_request_error")
            #expect(rig.upstream.requests.isEmpty)
            try await rig.expectBalanced()
        }
    }

    @Test func whatIsLostIsNamedOrRefused() async throws {
        let body =
            #"{"model":"m","max_tokens":16,"stop_sequences":["a","b","c","d","e"],"messages":[{"role":"user","content":"hello"}]}"#
        let upstream = try RecordingUpstream.answering(Self.completion)
        try await GateRig.run(upstream: upstream) { rig async throws in
            #expect(try await ask(rig, body)["ostiary-dropped"] == "stop_sequences")
            #expect(try await ask(rig)["ostiary-dropped"] == nil)
        }
        func strict(_ configuration: inout Configuration) {
            for index in configuration.providers.indices { configuration.providers[index].onLoss = .refuse }
        }
        try await GateRig.run(strict) { rig async throws in
            let answer = try await ask(rig, body)
            #expect(answer.status == 400)
            #expect(answer.code == "unsupported_parameter")
            #expect(rig.upstream.requests.isEmpty)
        }
    }

    @Test func aLongBodyThatComesInPiecesIsTranslatedWhole() async throws {
        let upstream = try RecordingUpstream.answering(Self.completion)
        try await GateRig.run(upstream: upstream) { rig async throws in
            let words = String(repeating: "word ", count: 60_000)
            let answer = try await ask(
                rig,
                #"{"model":"m","max_tokens":16,"messages":[{"role":"user","content":"\#(words)"}]}"#
            )
            #expect(answer.status == 200)
            #expect(rig.upstream.requests.first?.message.text.contains("word word") == true)
            try await rig.expectBalanced()
        }
    }
}
