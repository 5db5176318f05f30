import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryServer

@Suite struct CredentialTests {
    @Test func takesATokenFromEitherPlace() async throws {
        try await GateRig.run { rig async throws in
            let token = rig.token()
            for field in ["Authorization: Bearer \(token)", "authorization: bEARER \(token)", "X-API-Key: \(token)"] {
                #expect(try await rig.ask("GET", "/v1/models", fields: [field]).status == 200)
            }
            let both = ["Authorization: Bearer \(token)", "x-api-key: \(token)"]
            #expect(try await rig.ask("GET", "/v1/models", fields: both).status == 200)
        }
    }

    @Test func refusesEveryOtherForm() async throws {
        try await GateRig.run { rig async throws in
            let token = rig.token()
            for field in [
                "Authorization: Bearer  \(token)", "Authorization: \(token)", "Authorization: Basic \(token)",
                "Authorization: Bearer \(token) x", "Authorization: Bearer \(token),x",
                "Authorization: Bearer\t\(token)", "x-api-key: Bearer \(token)",
            ] {
                let answer = try await rig.ask("GET", "/v1/models", fields: [field])
                #expect(answer.status == 401, "\(field.prefix(30))")
                #expect(answer.code == "invalid_token")
            }
            for target in ["/v1/models?access_token=\(token)", "/v1/models?token=\(token)"] {
                #expect(try await rig.ask("GET", target).code == "missing_token")
            }
            #expect(try await rig.ask("GET", "/v1/models", fields: ["Cookie: token=\(token)"]).code == "missing_token")
        }
    }

    // SEC-108
    @Test func refusesTwoCredentials() async throws {
        try await GateRig.run { rig async throws in
            let (one, two) = (rig.token(), rig.token(sub: "user-2"))
            let apart = ["Authorization: Bearer \(one)", "x-api-key: \(two)"]
            let answer = try await rig.ask("GET", "/v1/models", fields: apart)
            #expect(answer.status == 400)
            #expect(answer.code == "invalid_request")
            #expect(answer["x-request-id"] != nil)
            #expect(answer["connection"] == "close")
            #expect(answer.text.contains("two credentials"))
            let entry = try await rig.entry(of: answer)
            #expect(entry.cause == "two_credentials")
            #expect(entry.method == "GET")
            #expect(entry.route == "/v1/models")
        }
    }

    /// Claude Code sends a key of its own beside the helper's token, and the same token twice where there is none.
    @Test func takesTheOneThatLooksLikeATokenOfThisGate() async throws {
        try await GateRig.run { rig async throws in
            let token = rig.token()
            for fields in [
                ["Authorization: Bearer \(token)", "x-api-key: sk-ant-api03-of-the-provider_x"],
                ["Authorization: Bearer sk-ant-api03-of-the-provider_x", "x-api-key: \(token)"],
                ["Authorization: Basic dXNlcjpwYXNz", "x-api-key: \(token)"],
                ["Authorization: Bearer", "x-api-key: \(token)"], ["Authorization: Bearer \(token)", "x-api-key:"],
                // One that looks like a token and is none names nobody.
                ["Authorization: Bearer \(token)", "x-api-key: a.b.c"],
                // Two tokens of one caller.
                ["Authorization: Bearer \(token)", "x-api-key: \(rig.token(scope: "inference other"))"],
            ] {
                let answer = try await rig.ask(
                    "POST",
                    "/v1/chat/completions",
                    fields: fields + [Self.anthropic],
                    body: GateRig.question()
                )
                #expect(answer.status == 200, "\(fields.map { $0.prefix(30) })")
            }
            // Whatever was not believed goes nowhere.
            for bytes in rig.upstream.connections {
                let said = String(decoding: bytes, as: UTF8.self)
                for part in ["sk-ant", "dXNl", "a.b.c", token] { #expect(!said.contains(part)) }
            }
        }
    }

    private static let anthropic = "anthropic-version: 2023-06-01"

    // SEC-108
    @Test func believesNobodyWithTwoCredentials() async throws {
        try await GateRig.run { rig async throws in
            for fields in [
                ["Authorization: Bearer \(rig.token())", "x-api-key: other"],
                ["Authorization: Bearer \(rig.token())", "x-api-key: \(rig.token(sub: "user-2"))"],
                ["Authorization: Bearer sk-one", "x-api-key: sk-two"],
                ["Authorization: Basic dXNlcjpwYXNz", "x-api-key: \(rig.token())"],
            ] {
                let answer = try await rig.ask("GET", "/v1/models", fields: fields)
                #expect(answer.status == 400)
                #expect(answer["connection"] == "close")
                #expect(try await rig.entry(of: answer).cause == "two_credentials")
            }
            #expect(rig.upstream.connections.isEmpty)
        }
    }

    @Test func theFirstThatLooksLikeATokenDecides() async throws {
        try await GateRig.run { rig async throws in
            let fields = ["Authorization: Bearer a.b.c", "x-api-key: \(rig.token())", Self.anthropic]
            #expect(try await rig.ask("GET", "/v1/models", fields: fields).status == 401)
            let neither = ["Authorization: Bearer sk-one", "x-api-key: sk-two", Self.anthropic]
            #expect(try await rig.ask("GET", "/v1/models", fields: neither).code == "invalid_token")
        }
    }

    @Test(arguments: [
        ["Authorization: Bearer"], ["Authorization: Bearer "], ["Authorization:"], ["x-api-key:"],
        ["x-api-key: ", "Authorization: Bearer "],
    ])
    func saysThatTheKeyHelperPrintedNothing(fields: [String]) async throws {
        try await GateRig.run { rig async throws in
            let answer = try await rig.ask("GET", "/v1/models", fields: fields)
            #expect(answer.status == 401)
            #expect(answer.text.contains("empty credential: the key helper printed nothing"))
            // The helper may do better the next time.
            #expect(answer["x-should-retry"] == nil)
            #expect(try await rig.entry(of: answer).cause == "empty_credential")
        }
    }

    /// A token may be followed by a better one; a key of another kind is never followed by itself in a better form.
    @Test func tellsClientsNotToRepeatAKeyThatIsNoToken() async throws {
        try await GateRig.run { rig async throws in
            for key in ["sk-ant-api03-x", "x", "a.b"] {
                let answer = try await rig.ask("GET", "/v1/models", fields: ["x-api-key: \(key)"])
                #expect(answer.status == 401)
                #expect(answer["x-should-retry"] == "false")
            }
            let expired = rig.issuer.token(now: UnixTime(seconds: rig.clock.now.seconds - 1000))
            for token in ["a.b.c", expired] {
                let answer = try await rig.ask("GET", "/v1/models", token: token)
                #expect(answer.status == 401)
                #expect(answer["x-should-retry"] == nil)
            }
            #expect(try await rig.ask("GET", "/v1/models")["x-should-retry"] == nil)
        }
    }

    // SEC-108, SEC-604
    @Test(arguments: [
        "Authorization: Bearer TOKEN", "x-api-key: TOKEN", "Content-Type: application/json", "Idempotency-Key: 1",
        "Host: gate.example", "Content-Length: 0",
    ])
    func refusesAFieldThatDecidesAndComesTwice(field: String) async throws {
        try await GateRig.run { rig async throws in
            let field = field.replacing("TOKEN", with: rig.token())
            let first = field.hasPrefix("Host") || field.hasPrefix("Content-Length") ? [] : [field]
            let line = try rig.client()
            line.send(
                (["POST /v1/chat/completions HTTP/1.1", "Host: gate.example", "Content-Length: 0"] + first + [field])
                    .joined(separator: "\r\n") + "\r\n\r\n"
            )
            let answer = try await line.answer()
            #expect(answer.status == 400)
            #expect(answer["connection"] == "close")
            for name in ["x-request-id", "x-protocol-version"] { #expect(answer.values(name).count == 1) }
            #expect(answer["cache-control"] == "no-store")
            #expect(rig.upstream.requests.isEmpty)
            line.leave()
        }
    }

    @Test func saysWhatACredentialMustBe() async throws {
        try await GateRig.run { rig async throws in
            let missing = try await rig.ask("GET", "/v1/models")
            #expect(missing.code == "missing_token")
            #expect(missing["www-authenticate"] == #"Bearer realm="inference""#)
            let bad = try await rig.ask("GET", "/v1/models", token: "a.b.c")
            #expect(bad["www-authenticate"] == #"Bearer realm="inference", error="invalid_token""#)
            let narrow = try await rig.ask("GET", "/v1/models", token: rig.token(scope: "other"))
            #expect(narrow.code == "insufficient_scope")
            #expect(narrow["www-authenticate"] == #"Bearer error="insufficient_scope", scope="inference""#)
            for answer in [missing, bad, narrow] {
                #expect(answer["content-type"] == "application/json")
                #expect(answer["cache-control"] == "no-store")
                #expect(answer["x-protocol-version"] == "1")
                #expect(answer["x-request-id"]?.hasPrefix("req_") == true)
                #expect(answer["x-dev-mode"] == nil)
            }
        }
    }

    // Nothing of a stranger's body is read: the answer comes although the body never does.
    @Test func answersAStrangerBeforeTheBody() async throws {
        try await GateRig.run { rig async throws in
            let line = try rig.client()
            line.send("POST /v1/chat/completions HTTP/1.1\r\nHost: g\r\nContent-Length: 1000000\r\n\r\n{")
            let answer = try await line.answer()
            #expect(answer.status == 401)
            #expect(answer["connection"] == "close")
            // SEC-102: what follows is body, whatever it looks like.
            line.send("GET /health HTTP/1.1\r\nHost: g\r\n\r\n")
            try await line.receiveEnd()
            #expect(line.unread.isEmpty)
            line.leave()
        }
    }

    @Test func aFewBytesOfBodyAreDrainedAndTheConnectionIsKept() async throws {
        try await GateRig.run { rig async throws in
            let line = try rig.client()
            line.send(rig.request("POST", "/v1/chat/completions", body: #"{"a":"GET /health HTTP/1.1"}"#))
            #expect(try await line.answer().status == 401)
            line.send(rig.request("GET", "/health"))
            #expect(try await line.answer().status == 200)
            #expect(line.unread.isEmpty)
            line.leave()
        }
    }

    @Test(arguments: ["0", "2", "01", "1.0", "one", "", "1, 1", "-1", "1;q=1"])
    func knowsOneProtocolVersion(version: String) async throws {
        try await GateRig.run { rig async throws in
            let answer = try await rig.ask("GET", "/v1/models", fields: ["X-Protocol-Version: \(version)"])
            #expect(answer.status == 400)
            #expect(answer.code == "unsupported_protocol_version")
            #expect(answer.text.contains("version 1"))
            let open = try await rig.ask("GET", "/health", fields: ["X-Protocol-Version: \(version)"])
            #expect(open.status == 200)
            let good = try await rig.ask("GET", "/v1/models", token: rig.token(), fields: ["X-Protocol-Version: 1"])
            #expect(good.status == 200)
        }
    }
}
