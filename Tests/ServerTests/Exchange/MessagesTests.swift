import OstiaryCore
import OstiaryModels
import OstiaryTesting
import Testing

@testable import OstiaryServer

// Anthropic's API at the public door, and a provider that speaks it.
@Suite struct MessagesTests {
    static let question = #"{"model":"m","max_tokens":16,"messages":[{"role":"user","content":"hello"}]}"#
    private static let version = "anthropic-version: 2023-06-01"
    private static let answer =
        #"{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":"hi"}],"#
        + #""stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":5,"cache_creation_input_tokens":2,"#
        + #""cache_read_input_tokens":3,"output_tokens":4}}"#

    /// The provider `main` speaks Messages.
    static func speaking(_ configuration: inout Configuration) {
        for index in configuration.providers.indices where configuration.providers[index].name == "main" {
            configuration.providers[index].kind = .anthropic
        }
    }

    private func ask(
        _ rig: GateRig,
        _ target: String = "/v1/messages",
        fields: [String] = [],
        body: String = question
    ) async throws -> RawMessage {
        try await rig.ask("POST", target, token: rig.token(), fields: fields, body: body)
    }

    @Test func bodiesPassAsTheyAre() async throws {
        let upstream = try RecordingUpstream.answering(Self.answer, fields: "request-id: req_theirs\r\n")
        try await GateRig.run(Self.speaking, upstream: upstream) { rig async throws in
            let body = #" {"max_tokens":16, "model":"m","unknown":1.50,"messages":[{"role":"system","content":"x"}] }"#
            let answer = try await ask(rig, "/v1/messages?beta=true", fields: [Self.version], body: body)
            #expect(answer.status == 200)
            #expect(answer.text == Self.answer)
            #expect(answer["x-upstream-request-id"] == "req_theirs")
            #expect(answer["request-id"] == answer["x-request-id"])
            let request = try #require(rig.upstream.requests.first?.message)
            #expect(request.text == body)
            #expect(request.target == "/v1/messages?beta=true")
            let entry = try await rig.entry(of: answer)
            #expect(entry.route == "/v1/messages")
            #expect(entry.tokens_in == 10)
            #expect(entry.tokens_out == 4)
            try await rig.expectBalanced()
        }
    }

    @Test func anotherNameIsPutIntoTheBody() async throws {
        try await GateRig.run(Self.speaking) { rig async throws in
            _ = try await ask(rig, body: #"{"model":"public-name","max_tokens":1,"messages":[]}"#)
            #expect(
                rig.upstream.requests.first?.message.text == #"{"model":"upstream-name","max_tokens":1,"messages":[]}"#
            )
        }
    }

    // SEC-501: the key as the API wants it, the version, and betas but those of signing in here.
    @Test func onlyItsOwnFieldsGoToTheProvider() async throws {
        try await GateRig.run(Self.speaking) { rig async throws in
            let token = rig.token()
            let fields = [
                "x-api-key: \(token)", "anthropic-version: 2026-10-21",
                "anthropic-beta: claude-code-20250219, oauth-2025-04-20 ,effort-2025-11-24",
                "anthropic-beta: oidc-federation-2026-04-01,x-1", "anthropic-workspace-id: w", "x-app: cli",
                "User-Agent: claude-cli/2", "X-Claude-Code-Session-Id: s", "X-Stainless-Lang: js",
                "anthropic-dangerous-direct-browser-access: true",
            ]
            #expect(try await rig.ask("POST", "/v1/messages", fields: fields, body: Self.question).status == 200)
            let request = try #require(rig.upstream.requests.first?.message)
            #expect(
                Set(request.names) == [
                    "host", "accept-encoding", "x-api-key", "content-type", "anthropic-version", "anthropic-beta",
                    "x-request-id", "content-length",
                ]
            )
            #expect(request["x-api-key"] == GateRig.providerKey)
            #expect(request["anthropic-version"] == "2026-10-21")
            #expect(request.values("anthropic-beta") == ["claude-code-20250219,effort-2025-11-24,x-1"])
            #expect(!request.text.contains(token))
        }
    }

    @Test(arguments: [[], ["anthropic-version: newest"], ["anthropic-version: 2023-06-0x"]])
    func aVersionIsAlwaysNamed(fields: [String]) async throws {
        try await GateRig.run(Self.speaking) { rig async throws in
            _ = try await ask(rig, fields: fields + ["anthropic-beta: oauth-2025-04-20"])
            let request = try #require(rig.upstream.requests.first?.message)
            #expect(request["anthropic-version"] == "2023-06-01")
            #expect(request["anthropic-beta"] == nil)
        }
    }

    @Test func aPrefixOfOtherGatesIsTolerated() async throws {
        try await GateRig.run(Self.speaking) { rig async throws in
            #expect(try await ask(rig, "/anthropic/v1/messages?beta=true").status == 200)
            #expect(rig.upstream.requests.first?.message.target == "/v1/messages?beta=true")
            #expect(try await rig.ask("GET", "/anthropic/v1/models", token: rig.token()).text.contains("has_more"))
            for path in [
                "/anthropic/health", "/anthropic/anthropic/v1/messages", "/anthropicv1/messages", "/anthropic",
            ] {
                #expect(try await rig.ask("GET", path, token: rig.token()).status == 404)
            }
        }
    }

    @Test func theRootIsThere() async throws {
        try await GateRig.run { rig async throws in
            #expect(try await rig.ask("HEAD", "/").status == 200)
            #expect(try await rig.ask("GET", "/").text == "{}")
        }
    }

    // MARK: Errors

    @Test func everyRefusalIsInTheWordsOfTheAPI() async throws {
        try await GateRig.run({ $0.listen.limits.body = 1000 }) { rig async throws in
            let long = String(repeating: "x", count: 2000)
            let token = rig.token()
            let cases: [(RawMessage, Int, String)] = [
                (try await rig.ask("POST", "/v1/messages", body: Self.question), 401, "authentication_error"),
                (
                    try await rig.ask("POST", "/v1/messages", token: rig.token(scope: "x"), body: Self.question), 403,
                    "permission_error"
                ),
                (try await rig.ask("GET", "/v1/messages", token: token), 405, "invalid_request_error"),
                (try await rig.ask("POST", "/v1/messages/batches", token: token, body: "{}"), 404, "not_found_error"),
                (
                    try await rig.ask("GET", "/v1/files", token: token, fields: [Self.version]), 404,
                    "not_found_error"
                ),
                (try await ask(rig, body: long), 413, "request_too_large"),
                (try await ask(rig, body: "{}"), 400, "invalid_request_error"),
                (try await ask(rig, fields: ["Content-Type: text/plain"]), 415, "invalid_request_error"),
            ]
            for (answer, status, type) in cases {
                #expect(answer.status == status)
                #expect(answer.errorType == type)
                #expect(answer.text.hasPrefix(#"{"type":"error""#))
                let id = try #require(answer["request-id"])
                #expect(answer["x-request-id"] == id)
                #expect(answer.text.contains(#""request_id":"\#(id)""#))
            }
            // And in those of the other where its routes are asked.
            let chat = try await rig.ask("GET", "/v1/chat/completions", token: token, fields: [Self.version])
            #expect(chat.text.hasPrefix(#"{"error""#))
            #expect(chat["request-id"] == nil)
        }
    }

    // R10
    @Test(arguments: ["401 Unauthorized", "403 Forbidden"])
    func aRefusedKeyIsNotTheCallersFault(status: String) async throws {
        let upstream = try RecordingUpstream.answering(#"{"type":"error"}"#, status: status)
        try await GateRig.run(Self.speaking, upstream: upstream) { rig async throws in
            let answer = try await ask(rig)
            #expect(answer.status == 502)
            #expect(answer.errorType == "api_error")
            #expect(answer.code == "upstream_auth_failed")
        }
    }

    @Test func aProvidersErrorPassesAndAPageDoesNot() async throws {
        let error = #"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"req_x"}"#
        let fields = "Retry-After: 7\r\nx-should-retry: true\r\n"
        let busy = try RecordingUpstream.answering(error, status: "529 Overloaded", fields: fields)
        try await GateRig.run(Self.speaking, upstream: busy) { rig async throws in
            let answer = try await ask(rig)
            #expect(answer.status == 529)
            #expect(answer.text == error)
            #expect(answer["retry-after"] == "7")
            #expect(answer["x-should-retry"] == "true")
        }
        let page = try RecordingUpstream.saying(
            "HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 13\r\n\r\n<html></html>"
        )
        try await GateRig.run(Self.speaking, upstream: page) { rig async throws in
            let answer = try await ask(rig)
            #expect(answer.status == 502)
            #expect(answer.errorType == "api_error")
        }
    }

    // MARK: Streams

    private static let begun =
        "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":7,"
        + "\"output_tokens\":1}}}\n\n"

    // Rule C4: a cut is repeated at once as a stream, an error that can be read is not.
    @Test func aBrokenStreamIsCut() async throws {
        try await GateRig.run(Self.speaking, upstream: RecordingUpstream.handingOver()) { rig async throws in
            let line = try rig.client()
            line.send(rig.request("POST", "/v1/messages", token: rig.token(), body: Self.question))
            let provider = try await rig.upstream.handed()
            provider.send(RecordingUpstream.streamHead + RecordingUpstream.chunk(Self.begun))
            try await line.receive(until: "message_start")
            provider.leave()
            let answer = try await line.answer()
            #expect(!answer.isComplete)
            #expect(answer.text == Self.begun)
            let entry = try await rig.entry(of: answer)
            #expect(entry.cut == "upstream")
            #expect(entry.tokens_in == 7)
            try await rig.expectBalanced()
        }
    }

    // Rule C5: a whole answer of 64,000 tokens, for which its client waits 300 s.
    @Test func `a whole answer may come after five minutes, on the same connection`() async throws {
        let body =
            #"{"model":"m","max_tokens":64000,"stream":false,"messages":[{"role":"user","content":"hello"}]}"#
        let said = #"{"type":"message","usage":{"input_tokens":7,"output_tokens":64000}}"#
        try await GateRig.run(Self.speaking, upstream: RecordingUpstream.handingOver()) { rig async throws in
            let line = try rig.client()
            line.send(
                rig.request(
                    "POST",
                    "/v1/messages",
                    token: rig.token(),
                    fields: ["X-Stainless-Timeout: 300"],
                    body: body
                )
            )
            let provider = try await rig.upstream.handed()
            // Far beyond every bound of an idle connection.
            for _ in 0..<29 { try await rig.pass(10) }
            provider.send(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: \(said.utf8.count)\r\n\r\n" + said
            )
            let answer = try await line.answer()
            #expect(answer.status == 200 && answer.isComplete)
            #expect(answer.text == said)
            line.send(rig.request("GET", "/health"))
            #expect(try await line.answer().status == 200)
            try await rig.expectBalanced()
        }
    }

    @Test func aFailureThatMeansSomethingIsSaid() async throws {
        func silent(_ configuration: inout Configuration) {
            Self.speaking(&configuration)
            for index in configuration.providers.indices { configuration.providers[index].timeouts.silence = 5 }
        }
        try await GateRig.run(silent, upstream: RecordingUpstream.handingOver()) { rig async throws in
            let line = try rig.client()
            line.send(rig.request("POST", "/v1/messages", token: rig.token(), body: Self.question))
            let provider = try await rig.upstream.handed()
            provider.send(RecordingUpstream.streamHead + RecordingUpstream.chunk(Self.begun))
            try await line.receive(until: "message_start")
            try await rig.pass(6)
            let answer = try await line.answer()
            #expect(!answer.isComplete)
            #expect(answer.text.hasPrefix(Self.begun + "event: error\ndata: {\"type\":\"error\",\"error\":"))
            #expect(answer.text.contains("upstream_timeout"))
            #expect(answer.text.hasSuffix("\n\n"))
        }
    }

    @Test func theBuiltInModelSpeaksIt() async throws {
        try await GateRig.run { rig async throws in
            let body =
                #"{"model":"echo","max_tokens":9,"stream":true,"messages":[{"role":"user","content":"one two"}]}"#
            let answer = try await ask(rig, body: body)
            #expect(answer.status == 200)
            #expect(answer.isComplete)
            #expect(answer.text.hasSuffix("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"))
            let entry = try await rig.entry(of: answer)
            #expect(entry.tokens_in == 2)
            #expect(entry.tokens_out == 2)
            let limited = try await ask(rig, body: body.replacing("\"echo\"", with: "\"echo-429-2s\""))
            #expect(limited.status == 429)
            #expect(limited["retry-after"] == "2")
            #expect(limited.errorType == "rate_limit_error")
        }
    }

    // MARK: Token counts and models

    @Test func tokensAreCountedHereForAProviderWithoutACounter() async throws {
        try await GateRig.run { rig async throws in
            let answer = try await ask(rig, "/v1/messages/count_tokens?beta=true")
            #expect(answer.status == 200)
            #expect(answer.text.hasPrefix(#"{"input_tokens":"#))
            #expect(answer["ostiary-estimated"] == "input_tokens")
            #expect(rig.upstream.requests.isEmpty)
            #expect(try await ask(rig, "/v1/messages/count_tokens", body: #"{"model":"m""#).status == 400)
            try await rig.expectBalanced()
        }
    }

    @Test func aLongBodyIsCountedWhole() async throws {
        try await GateRig.run { rig async throws in
            let words = String(repeating: "word ", count: 60_000)
            let body = #"{"model":"m","messages":[{"role":"user","content":"\#(words)"}]}"#
            let answer = try await ask(rig, "/v1/messages/count_tokens", body: body)
            #expect(answer.text.hasPrefix(#"{"input_tokens":600"#))
            try await rig.expectBalanced()
        }
    }

    @Test func aProviderWithACounterIsAsked() async throws {
        let upstream = try RecordingUpstream.answering(#"{"input_tokens":77}"#)
        try await GateRig.run(Self.speaking, upstream: upstream) { rig async throws in
            let answer = try await ask(rig, "/v1/messages/count_tokens")
            #expect(answer.text == #"{"input_tokens":77}"#)
            #expect(answer["ostiary-estimated"] == nil)
            #expect(rig.upstream.requests.first?.message.target == "/v1/messages/count_tokens")
        }
    }

    @Test func modelsAreListedInTheClientsWords() async throws {
        try await GateRig.run { rig async throws in
            let list = try await rig.ask("GET", "/v1/models?limit=1000", token: rig.token(), fields: [Self.version])
            #expect(list.text.contains(#"{"type":"model","id":"public-name","display_name":"public-name""#))
            #expect(list.text.contains(#""has_more":false"#))
            let other = try await rig.ask("GET", "/v1/models", token: rig.token())
            #expect(other.text.hasPrefix(#"{"object":"list""#))
            let one = try await rig.ask("GET", "/v1/models/any%3Aname/x", token: rig.token(), fields: [Self.version])
            #expect(one.text.hasPrefix(#"{"type":"model","id":"any:name/x""#))
            let same = try await rig.ask("GET", "/v1/models/echo", token: rig.token())
            #expect(same.text.contains(#""owned_by":"echo""#))
            #expect(try await rig.entry(of: same).route == "/v1/models/{id}")
            #expect(rig.upstream.requests.isEmpty)
        }
    }

    @Test func aModelThatNobodyOffersIsNotThere() async throws {
        try await GateRig.run({ $0.models = [GateRig.model("only", "main")] }) { rig async throws in
            let answer = try await rig.ask("GET", "/v1/models/other", token: rig.token(), fields: [Self.version])
            #expect(answer.status == 404)
            #expect(answer.errorType == "not_found_error")
        }
    }

    @Test func aProvidersListIsSpelledAnewForTheOtherFamily() async throws {
        let upstream = try RecordingUpstream.answering(
            #"{"object":"list","data":[{"id":"a/b","object":"model"},{"id":"c"}]}"#
        )
        try await GateRig.run(GateRig.solely, upstream: upstream) { rig async throws in
            let list = try await rig.ask("GET", "/v1/models?limit=1", token: rig.token(), fields: [Self.version])
            #expect(list.status == 200)
            #expect(list.text.contains(#""id":"a/b""#))
            #expect(list.text.contains(#""has_more":true"#))
            #expect(rig.upstream.requests.first?.message.target == "/v1/models")
            #expect(try await rig.ask("GET", "/v1/models", token: rig.token()).text.hasPrefix(#"{"object":"list""#))
            try await rig.expectBalanced()
        }
        let bad = try RecordingUpstream.answering("<html>")
        try await GateRig.run(GateRig.solely, upstream: bad) { rig async throws in
            let list = try await rig.ask("GET", "/v1/models", token: rig.token(), fields: [Self.version])
            #expect(list.status == 502)
            #expect(list.errorType == "api_error")
        }
    }
}
