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
                "Authorization: Bearer", "Authorization: Bearer \(token) x", "Authorization: Bearer \(token),x",
                "Authorization: Bearer\t\(token)", "Authorization:", "x-api-key: Bearer \(token)",
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
            let entry = try await rig.entry(of: answer)
            #expect(entry.cause == "two_credentials")
            #expect(entry.method == "GET")
            #expect(entry.route == "/v1/models")
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
