import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryServer

// What goes to the provider, and what comes back.
@Suite struct PassingOnTests {
    // SEC-501, SEC-107
    @Test func onlyListedFieldsGoToTheProvider() async throws {
        try await GateRig.run { rig async throws in
            let token = rig.token()
            let fields = [
                "Accept: application/json", "Cookie: a=b", "Proxy-Authorization: Basic eDp5",
                "X-Forwarded-For: 192.0.2.9",
                "Forwarded: for=192.0.2.9", "X-Gate-User: admin", "X_Gate_User: admin", "OpenAI-Organization: org-1",
                "OpenAI-Beta: x", "X-Portkey-Custom-Host: http://evil.example", "X-Request-Id: mine",
                "Accept-Encoding: gzip", "User-Agent: me", "Connection: keep-alive, x-gate-user, authorization",
                "TE: trailers", "Idempotency-Key: k", "X-Protocol-Version: 1", "Origin: https://evil.example",
                "X-Stainless-Lang: js", "Via: 1.1 me",
            ]
            let answer = try await rig.chat(token: token, fields: fields)
            #expect(answer.status == 200)
            let request = try #require(rig.upstream.requests.first?.message)
            #expect(
                Set(request.names) == [
                    "host", "accept-encoding", "authorization", "content-type", "accept", "x-request-id",
                    "content-length",
                ]
            )
            #expect(request.names.count == 7)
            #expect(request["host"] == "127.0.0.1:\(rig.upstream.port)")
            #expect(request["authorization"] == "Bearer \(GateRig.providerKey)")
            #expect(request["accept-encoding"] == "identity")
            #expect(request["x-request-id"] == answer["x-request-id"])
            #expect(request.target == "/v1/chat/completions")
            #expect(!request.startLine.contains(token) && !request.text.contains(token))
        }
    }

    @Test func theCallersTokenNeverGoesToTheProvider() async throws {
        try await GateRig.run { rig async throws in
            let token = rig.token()
            let both = ["Authorization: Bearer \(token)", "x-api-key: \(token)"]
            _ = try await rig.ask("POST", "/v1/chat/completions", fields: both, body: GateRig.question())
            for bytes in rig.upstream.connections {
                #expect(!String(decoding: bytes, as: UTF8.self).contains(token))
            }
            #expect(rig.upstream.requests.count == 1)
        }
    }

    // SEC-501
    @Test(arguments: [
        #""api_base":"http://127.0.0.1:9/""#, #""base_url":"http://127.0.0.1:9/""#,
        #""custom_host":"http://127.0.0.1:9""#,
        #""user_config":{"api_base":"http://127.0.0.1:9/"}"#, #""extra_headers":{"authorization":"x","host":"evil"}"#,
        #""metadata":{"a":{"base_url":"http://127.0.0.1:9"}}"#,
    ])
    func nothingInTheBodyChoosesTheProvider(member: String) async throws {
        try await GateRig.run { rig async throws in
            let body = #"{"model":"m",\#(member),"messages":[]}"#
            let answer = try await rig.ask("POST", "/v1/chat/completions?api_base=x", token: rig.token(), body: body)
            #expect(answer.status == 200)
            let request = try #require(rig.upstream.requests.first?.message)
            #expect(request.text == body)
            #expect(request["host"] == "127.0.0.1:\(rig.upstream.port)")
            #expect(request.target == "/v1/chat/completions?api_base=x")
        }
    }

    // SEC-508
    @Test func onlyListedFieldsComeBack() async throws {
        let fields =
            "Set-Cookie: a=b\r\nServer: nginx\r\nVia: 1.1 x\r\nAlt-Svc: h3\r\nStrict-Transport-Security: max-age=1\r\n"
            + "OpenAI-Organization: org-1\r\nX-Request-Id: theirs\r\nX-RateLimit-Limit-Requests: 9\r\n"
            + "x-ratelimit-remaining-tokens: 7\r\nOpenAI-Processing-Ms: 12\r\nAccess-Control-Allow-Origin: *\r\n"
            + "X-Protocol-Version: 9\r\nWWW-Authenticate: Basic\r\nLocation: /x\r\nX-Dev-Mode: 1\r\n"
        try await GateRig.run(upstream: RecordingUpstream.answering("{}", fields: fields)) { rig async throws in
            let answer = try await rig.chat()
            #expect(
                Set(answer.names) == [
                    "content-type", "content-length", "x-request-id", "x-protocol-version", "x-upstream-request-id",
                    "x-ratelimit-remaining-tokens", "openai-processing-ms",
                ]
            )
            #expect(answer.values("x-request-id").count == 1)
            #expect(answer["x-upstream-request-id"] == "theirs")
            #expect(answer["x-protocol-version"] == "1")
        }
    }

    @Test func theModelIsRenamedAndNothingElseTouched() async throws {
        try await GateRig.run { rig async throws in
            let body = #"{ "messages":[],"x":1.50, "model" : "public-name","unknown":{"model":"public-name"} }"#
            _ = try await rig.ask("POST", "/v1/chat/completions", token: rig.token(), body: body)
            let request = try #require(rig.upstream.requests.first?.message)
            #expect(
                request.text
                    == #"{ "messages":[],"x":1.50, "model" : "upstream-name","unknown":{"model":"public-name"} }"#
            )
            #expect(request["content-length"] == "\(request.body.count)")
            let entry = try await rig.entry { $0.route == "/v1/chat/completions" }
            #expect(entry.model == "public-name")
            #expect(entry.provider == "main")
            #expect(entry.bytes_in == body.utf8.count)
        }
    }

    @Test func errorsOfTheProviderPassAsTheyAre() async throws {
        for status in [400, 404, 409, 422, 429, 500, 503] {
            let body = #"{"error":{"message":"theirs","code":"their_code"}}"#
            let upstream = try RecordingUpstream.answering(
                body,
                status: "\(status) Theirs",
                fields: "Retry-After: 7\r\n"
            )
            try await GateRig.run(upstream: upstream) { rig async throws in
                let answer = try await rig.chat()
                #expect(answer.status == status)
                #expect(answer.text == body)
                #expect(answer.values("retry-after") == ["7"])
                #expect(try await rig.entry(of: answer).outcome == "answered")
            }
        }
    }

    // SEC-506
    @Test func aQuotedKeyNeverReachesTheClient() async throws {
        let quote: @Sendable (String) -> String = {
            #"{"error":{"message":"no such key: \#($0)","code":"their_code"}}"#
        }
        let upstream = try RecordingUpstream.answering(quote(GateRig.providerKey), status: "400 No")
        try await GateRig.run(upstream: upstream) { rig async throws in
            let answer = try await rig.chat()
            #expect(answer.status == 400)
            #expect(answer.text == quote("[redacted]"))
            #expect(try await rig.entry(of: answer).outcome == "answered")
            try await rig.expectBalanced()
        }
    }

    // SEC-506
    @Test func anErrorInACodingKeepsItsBodyToItself() async throws {
        let coded = "Content-Encoding: gzip\r\nRetry-After: 7\r\n"
        let upstream = try RecordingUpstream.answering("coded", status: "503 No", fields: coded)
        try await GateRig.run(upstream: upstream) { rig async throws in
            let answer = try await rig.chat()
            #expect(answer.status == 503)
            #expect(answer.code == "upstream_error")
            #expect(!answer.text.contains("coded"))
            #expect(answer.values("content-type") == ["application/json"])
            #expect(answer.values("retry-after") == ["7"])
            #expect(answer.values("content-encoding") == [])
        }
    }

    // SEC-506, SEC-504
    @Test(arguments: ["401 No", "403 No", "301 There", "302 There", "307 There", "308 There"])
    func aRefusalOfTheGatesKeyAndARedirectAreTheGatesOwn(status: String) async throws {
        let leak = #"{"error":{"message":"Incorrect API key \#(GateRig.providerKey)"}}"#
        let upstream = try RecordingUpstream.answering(
            leak,
            status: status,
            fields: "Location: http://127.0.0.1:1/\r\nWWW-Authenticate: x\r\n"
        )
        try await GateRig.run(upstream: upstream) { rig async throws in
            let answer = try await rig.chat()
            #expect(answer.status == 502)
            #expect(answer.code == (status.hasPrefix("4") ? "upstream_auth_failed" : "upstream_protocol_error"))
            #expect(!answer.text.contains("CANARY"))
            #expect(answer["location"] == nil)
            #expect(answer["www-authenticate"] == nil)
            #expect(rig.upstream.requests.count == 1)
            let entry = try await rig.entry(of: answer)
            #expect(entry.upstream_ms != nil)
            #expect(entry.level == "error")
            try await rig.expectBalanced()
        }
    }

    @Test(arguments: [
        "nonsense\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\nx",
        "HTTP/1.1 101 Switching Protocols\r\n\r\n", "HTTP/1.1 200 OK\r\nBad Name: x\r\n\r\n", "",
    ])
    func anAnswerThatCannotBeReadIsTheProvidersFault(bytes: String) async throws {
        try await GateRig.run(upstream: RecordingUpstream.saying(bytes, thenCloses: true)) { rig async throws in
            let answer = try await rig.chat()
            #expect(answer.status == 502)
            #expect(["upstream_protocol_error", "upstream_unreachable"].contains(answer.code))
            try await rig.expectBalanced()
        }
    }

    @Test func aProviderThatIsNotThereIsUnreachable() async throws {
        try await GateRig.run { rig async throws in
            rig.upstream.stop()
            let answer = try await rig.chat()
            #expect(answer.status == 502)
            #expect(answer.code == "upstream_unreachable")
            try await rig.expectBalanced()
        }
    }

    @Test func anEarlyHintDoesNotReachTheClient() async throws {
        let bytes = "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
        try await GateRig.run(upstream: RecordingUpstream.saying(bytes)) { rig async throws in
            #expect(try await rig.chat().status == 200)
        }
    }

    @Test func aKeptConnectionServesTheNextCall() async throws {
        try await GateRig.run { rig async throws in
            for _ in 0..<5 { #expect(try await rig.chat().status == 200) }
            #expect(rig.upstream.connections.count == 1)
            #expect(rig.upstream.requests.count == 5)
        }
    }

    // Requests that wait on one connection have an entry each, with numbers of their own.
    @Test func pipelinedCallsAreCountedApart() async throws {
        try await GateRig.run(upstream: RecordingUpstream.answering(#"{"x":"12345678901234567890"}"#)) {
            rig async throws in
            let token = rig.token()
            let bodies = [10, 200, 3000].map { GateRig.question(content: String(repeating: "a", count: $0)) }
            let line = try rig.client()
            line.send(bodies.map { rig.request("POST", "/v1/chat/completions", token: token, body: $0) }.joined())
            var entries: [LogLine] = []
            for _ in bodies {
                let answer = try await line.answer()
                #expect(answer.status == 200)
                entries.append(try await rig.entry(of: answer))
            }
            #expect(entries.map(\.outcome) == ["answered", "answered", "answered"])
            #expect(entries.map(\.status) == [200, 200, 200])
            #expect(entries.map(\.bytes_in) == bodies.map(\.utf8.count))
            #expect(entries.map(\.bytes_out) == [28, 28, 28])
            line.leave()
            try await rig.expectBalanced()
        }
    }
}
