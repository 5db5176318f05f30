import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryServer

/// Workload identity through a whole gate.
@Suite struct TokenEndpointTests {
    private static let platform = TestIssuer("https://platform.example", name: "p-1")

    private static func run(
        _ change: (inout Configuration) -> Void = { _ in },
        _ test: (GateRig) async throws -> Void
    ) async throws {
        let keys = try KeySetHost(.document(TestIssuer.keySet(platform)))
        defer { keys.stop() }
        try await GateRig.run({ configuration in
            var rule = Configuration.Workloads.Rule()
            rule.name = "fdrl_1"
            rule.token.issuer = platform.issuer
            rule.token.jwks = .url(keys.url)
            rule.token.audiences = ["gate"]
            rule.subjects = ["repo:acme/*"]
            rule.accounts = ["svac_1"]
            configuration.identity.workloads.rules = [rule]
            change(&configuration)
        }) { try await test($0) }
    }

    private static func assertion(_ rig: GateRig, jti: String = "1", sub: String = "repo:acme/app") -> String {
        platform.token(sub: sub, now: rig.clock.now, tail: #""jti":"\#(jti)""#)
    }

    /// As Anthropic's SDK and Claude Code send it.
    private static func bearer(_ assertion: String, rule: String = "fdrl_1") -> String {
        #"{"grant_type":"urn:ietf:params:oauth:grant-type:jwt-bearer","assertion":"\#(assertion)","#
            + #""federation_rule_id":"\#(rule)","organization_id":"00000000-0000-0000-0000-000000000000","#
            + #""service_account_id":"svac_1"}"#
    }

    /// As OpenAI's SDK sends it.
    private static func exchange(_ assertion: String) -> String {
        #"{"grant_type":"urn:ietf:params:oauth:grant-type:token-exchange","subject_token":"\#(assertion)","#
            + #""subject_token_type":"urn:ietf:params:oauth:token-type:jwt","identity_provider_id":"fdrl_1","#
            + #""service_account_id":"svac_1"}"#
    }

    private func members(_ answer: RawMessage) throws -> JSONObject {
        try #require(try JSONReader.read(Array(answer.text.utf8).span).object)
    }

    @Test func `an assertion is exchanged for a token that opens the door, by either grant and as a form`() async throws
    {
        try await Self.run { rig async throws in
            for (number, grant) in ["bearer", "exchange", "form"].enumerated() {
                let assertion = Self.assertion(rig, jti: "\(number)")
                let answer =
                    switch grant {
                    case "bearer": try await rig.ask("POST", "/v1/oauth/token", body: Self.bearer(assertion))
                    case "exchange": try await rig.ask("POST", "/v1/oauth/token", body: Self.exchange(assertion))
                    default:
                        try await rig.ask(
                            "POST",
                            "/v1/oauth/token",
                            fields: ["Content-Type: application/x-www-form-urlencoded"],
                            body:
                                "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=\(assertion)"
                        )
                    }
                #expect(answer.status == 200, "\(grant): \(answer.text)")
                #expect(answer["cache-control"] == "no-store")
                let members = try members(answer)
                #expect(members["token_type"]?.string == "Bearer")
                #expect(members["expires_in"]?.number?.int == 600)
                #expect((members["issued_token_type"] != nil) == (grant == "exchange"))
                let token = try #require(members["access_token"]?.string)
                #expect(try await rig.chat(token: token).status == 200)
                rig.clock.advance(1)
            }
            // Neither the assertion nor the token has gone to the provider or into the log.
            let entry = try await rig.entry { $0.route == "/v1/oauth/token" }
            #expect(entry.status == 200 && entry.user != nil)
            #expect(!rig.log.text.contains("eyJ"))
            for bytes in rig.upstream.connections {
                #expect(!String(decoding: bytes, as: UTF8.self).contains("eyJ"))
            }
        }
    }

    @Test func `an expired token is a plain 401, so that the client exchanges anew`() async throws {
        try await Self.run { rig async throws in
            let answer = try await rig.ask("POST", "/v1/oauth/token", body: Self.bearer(Self.assertion(rig)))
            let token = try #require(try members(answer)["access_token"]?.string)
            #expect(try await rig.chat(token: token).status == 200)
            rig.clock.advance(631)
            let refused = try await rig.chat(token: token)
            #expect(refused.status == 401 && refused.code == "token_expired" && refused["x-should-retry"] == nil)
        }
    }

    @Test func `errors are those of RFC 6749, and say no more than they must`() async throws {
        try await Self.run { rig async throws in
            let good = Self.assertion(rig)
            func ask(_ body: String, fields: [String] = []) async throws -> (Int, String?, String) {
                let answer = try await rig.ask("POST", "/v1/oauth/token", fields: fields, body: body)
                #expect(answer["cache-control"] == "no-store")
                return (answer.status, try members(answer)["error"]?.string, answer.text)
            }
            let replayed = Self.bearer(good)
            #expect(try await ask(replayed).0 == 200)
            var texts: Set<String> = []
            for body in [
                replayed, Self.bearer(good, rule: "fdrl_2"), Self.bearer("a.b.c"),
                Self.bearer(Self.assertion(rig, jti: "9", sub: "repo:evil/x")), Self.bearer(rig.token()),
            ] {
                let (status, error, text) = try await ask(body)
                #expect(status == 400 && error == "invalid_grant")
                texts.insert(text)
            }
            #expect(texts.count == 1)
            for (body, error) in [
                ("{}", "invalid_request"), ("[]", "invalid_request"), ("", "invalid_request"),
                (#"{"grant_type":7}"#, "invalid_request"),
                (#"{"grant_type":"password","username":"x"}"#, "unsupported_grant_type"),
                (#"{"grant_type":"urn:ietf:params:oauth:grant-type:jwt-bearer"}"#, "invalid_request"),
                (Self.exchange(good).replacing("token-type:jwt", with: "token-type:saml2"), "invalid_request"),
                (
                    Self.bearer(Self.assertion(rig, jti: "5")).replacing("}", with: #","scope":"admin"}"#),
                    "invalid_scope"
                ),
            ] {
                let (status, name, text) = try await ask(body)
                #expect(status == 400 && name == error, "\(body.prefix(60)): \(text)")
            }
            let twice = try await ask(
                "grant_type=a&grant_type=b",
                fields: ["Content-Type: application/x-www-form-urlencoded"]
            )
            #expect(twice.1 == "invalid_request")
            #expect(try await rig.ask("GET", "/v1/oauth/token").status == 405)
            #expect(
                try await rig.ask("POST", "/v1/oauth/token", fields: ["Content-Type: text/plain"], body: "x").status
                    == 415
            )
            let long = #"{"grant_type":"\#(String(repeating: "x", count: 40_000))"}"#
            #expect(try await rig.ask("POST", "/v1/oauth/token", body: long).status == 413)
        }
    }

    @Test func `failures count against the address, repeats of one assertion once`() async throws {
        try await Self.run({ $0.limits.failuresPerMinute = 2 }) { rig async throws in
            for _ in 0..<5 {
                #expect(try await rig.ask("POST", "/v1/oauth/token", body: Self.bearer("a.b.c")).status == 400)
            }
            #expect(try await rig.ask("POST", "/v1/oauth/token", body: Self.bearer("a.b.d")).status == 400)
            let answer = try await rig.ask("POST", "/v1/oauth/token", body: Self.bearer("a.b.e"))
            #expect(answer.status == 429 && answer.code == "too_many_failures" && answer["retry-after"] != nil)
        }
    }

    @Test func `what was presented stays presented over a reload, and tokens stay good`() async throws {
        try await Self.run { rig async throws in
            let assertion = Self.assertion(rig)
            let answer = try await rig.ask("POST", "/v1/oauth/token", body: Self.bearer(assertion))
            let token = try #require(try members(answer)["access_token"]?.string)
            var next = rig.gate.configuration
            next.identity.workloads.rules[0].scopes = ["inference", "x"]
            rig.desk.put(next)
            #expect(await rig.gate.reloading.reload().outcome == .applied)
            #expect(try await rig.chat(token: token).status == 200)
            #expect(try await rig.ask("POST", "/v1/oauth/token", body: Self.bearer(assertion)).status == 400)
            // Without rules there is neither the endpoint nor anybody who believes its tokens.
            next.identity.workloads.rules = []
            rig.desk.put(next)
            #expect(await rig.gate.reloading.reload().outcome == .applied)
            #expect(try await rig.chat(token: token).status == 401)
            #expect(try await rig.ask("POST", "/v1/oauth/token", body: Self.bearer(assertion)).status == 401)
            let known = try await rig.ask("POST", "/v1/oauth/token", token: rig.token(), body: Self.bearer(assertion))
            #expect(known.status == 404)
        }
    }
}
