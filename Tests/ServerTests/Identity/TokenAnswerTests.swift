import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryServer

// SEC-201, SEC-604
@Suite struct TokenAnswerTests {
    private struct Cases: Decodable {
        struct Case: Decodable {
            let id: String
            let profile: String
            let expect: String
            let reason: String?
            let token: String
        }
        let now: Double
        let cases: [Case]
    }

    /// What is refused looks the same outside, whatever the reason: 401, one code, one sentence, one challenge.
    @Test(.enabled(if: Vectors.has("jwt"), Comment(rawValue: Vectors.comment("jwt"))))
    func answersTheVectorsWithoutAReason() async throws {
        let vectors = try Vectors.decode(Cases.self, "jwt", "cases.json")
        let sets = try JSONReader.read(try Vectors.bytes("jwt", "jwks.json")).object
        let keys = JSONWriter.write(try #require(sets?["idp"]))
        let host = try KeySetHost(.document(String(decoding: keys, as: UTF8.self)))
        let change: (inout Configuration) -> Void = { configuration in
            configuration.identity.jwt[0].audiences = ["https://gate.example"]
            configuration.identity.jwt[0].scopes = [:]
        }
        try await GateRig.run(change, keys: host) { rig async throws in
            var bodies: Set<String> = []
            let sample = vectors.cases.filter { $0.profile == "access" }
            for item in sample where item.token.utf8.count < 30_000 {
                let isASCII = item.token.utf8.allSatisfy { 0x20...0x7e ~= $0 }
                // The profile allows more algorithms and issuers; only its refusals hold here too.
                guard isASCII, item.expect == "reject" || item.id.hasPrefix("valid-es256") else { continue }
                let answer = try await rig.ask("GET", "/v1/models", token: item.token)
                if item.expect == "accept" {
                    #expect(answer.status == 200, "\(item.id)")
                } else if item.token.isEmpty || item.token.contains(" ") {
                    #expect(answer.status == 401, "\(item.id)")
                } else {
                    #expect(answer.status == 401, "\(item.id)")
                    guard answer.code != "token_expired" else {
                        #expect(item.reason == "expired", "\(item.id)")
                        continue
                    }
                    bodies.insert(answer.text + (answer["www-authenticate"] ?? ""))
                }
            }
            #expect(bodies.count == 1)
        }
    }

    @Test func everyOtherFaultLooksTheSame() async throws {
        let stranger = TestIssuer("https://other.example")
        let thief = TestIssuer()
        try await GateRig.run { rig async throws in
            let now = rig.clock.now
            let good = rig.token()
            let spoiled = String(good.dropLast(8)) + "AAAAAAAA"
            let tokens = [
                "garbage", spoiled, stranger.token(now: now), thief.token(now: now),
                rig.issuer.token(now: now, kid: "unknown"), rig.issuer.token(now: now + 3600),
                rig.issuer.token(now: now + -100_000, lifetime: 99_000, kid: "unknown"),
            ]
            var answers: Set<String> = []
            for token in tokens {
                let answer = try await rig.ask("GET", "/v1/models", token: token)
                #expect(answer.status == 401)
                // What is no token at all is told not to come again, which its holder can see for himself.
                #expect((answer["x-should-retry"] == "false") == (token == "garbage"))
                let shape = answer.fields.filter { $0.name != "x-request-id" && $0.name != "x-should-retry" }.map {
                    "\($0.name): \($0.value)"
                }
                answers.insert(shape.joined(separator: "\n") + answer.text)
            }
            #expect(answers.count == 1)
            // The log knows better.
            try await wait(for: "the entries") { rig.log.entries.count == tokens.count }
            #expect(Set(rig.log.entries.map(\.cause)).count >= 5)
        }
    }

    // jwt-gate 12.4: exactly at `exp` plus leeway.
    @Test func aTokenEndsWithItsLeeway() async throws {
        try await GateRig.run { rig async throws in
            let token = rig.token()
            #expect(try await rig.ask("GET", "/v1/models", token: token).status == 200)
            rig.clock.setWall(1_800_000_000 + 629.5)
            #expect(try await rig.ask("GET", "/v1/models", token: token).status == 200)
            rig.clock.setWall(1_800_000_000 + 630)
            let answer = try await rig.ask("GET", "/v1/models", token: token)
            #expect(answer.code == "token_expired")
            let challenge = #"Bearer realm="inference", error="invalid_token", error_description="expired""#
            #expect(answer["www-authenticate"] == challenge)
        }
    }
}
