import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryServer

/// Callers that are known by a client certificate, and tokens that are bound to one.
@Suite struct CertificateCallerTests {
    private static func named(_ source: Configuration.CertificateCallers.SubjectSource)
        -> (inout Configuration) -> Void
    {
        { $0.identity.certificates.subjectFrom = source }
    }

    private func status(_ secure: SecureRig, _ leaf: Authority.Leaf?, _ fields: [(String, String)] = []) async throws
        -> (status: Int, text: String)
    {
        let client = try await secure.http2(leaf: leaf)
        defer { client.leave() }
        let answer = try await client.ask("GET", "/v1/models", fields: fields)
        return (answer.status, answer.text)
    }

    @Test func knowsACallerByItsCertificate() async throws {
        try await SecureRig.run(asksClients: true, Self.named(.sanURI)) { secure async throws in
            let leaf = try secure.leaf()
            #expect(try await status(secure, leaf).status == 200)
            let first = try await secure.rig.entry { $0.route == "/v1/models" }
            let http1 = try await secure.http1(leaf: leaf)
            http1.send(secure.rig.request("GET", "/v1/models"))
            #expect(try await http1.answer().status == 200)
            http1.leave()
            // One caller, whatever carries the calls; another certificate is another.
            #expect(try await status(secure, secure.leaf(["spiffe://example/other"])).status == 200)
            try await wait(for: "the entries") {
                secure.rig.log.entries.count { $0.route == "/v1/models" } == 3
            }
            let users = secure.rig.log.entries.filter { $0.route == "/v1/models" }.compactMap(\.user)
            #expect(users.count == 3)
            #expect(users[0] == first.user)
            #expect(users[0] == users[1])
            #expect(users[0] != users[2])
            #expect(
                try await secure.rig.metric(#"gw_auth_total{method="certificate",result="accepted"}"#) == 3
            )
            try await secure.rig.expectBalanced()
        }
    }

    @Test func asksForATokenWhereThereIsNoCertificate() async throws {
        try await SecureRig.run(asksClients: true, Self.named(.sanURI)) { secure async throws in
            let refused = try await status(secure, nil)
            #expect(refused.status == 401)
            #expect(refused.text.contains("missing_token"))
            #expect(try await status(secure, nil, [secure.token()]).status == 200)
            // The plain door has no certificates.
            #expect(try await secure.rig.ask("GET", "/v1/models").status == 401)
        }
    }

    @Test func knowsNobodyByACertificateUnlessToldTo() async throws {
        try await SecureRig.run(asksClients: true) { secure async throws in
            #expect(try await status(secure, secure.leaf()).status == 401)
        }
    }

    @Test func knowsNobodyBySeveralNamesOrNone() async throws {
        try await SecureRig.run(asksClients: true, Self.named(.sanURI)) { secure async throws in
            for leaf in [try secure.leaf([]), try secure.leaf(["spiffe://example/a", "spiffe://example/b"])] {
                let refused = try await status(secure, leaf)
                #expect(refused.status == 401)
                #expect(refused.text.contains("invalid_certificate"))
            }
            let entry = try await secure.rig.entry { $0.route == "/v1/models" }
            #expect(entry.cause == "certificate_subject")
        }
    }

    @Test func takesTheNameThatIsAskedFor() async throws {
        for source in [Configuration.CertificateCallers.SubjectSource.sanDNS, .subject] {
            try await SecureRig.run(asksClients: true, Self.named(source)) { secure async throws in
                #expect(try await status(secure, secure.leaf(dns: ["caller.example"])).status == 200)
                let other = try await status(secure, secure.leaf(dns: ["a.example", "b.example"]))
                #expect(other.status == (source == .subject ? 200 : 401))
            }
        }
    }

    @Test func asksForTheScopesThatOthersNeed() async throws {
        try await SecureRig.run(
            asksClients: true,
            {
                $0.identity.certificates.subjectFrom = .sanURI
                $0.identity.certificates.scopes = ["something"]
            }
        ) { secure async throws in
            let refused = try await status(secure, secure.leaf())
            #expect(refused.status == 403)
        }
    }

    @Test func limitsSuchCallersAsAnyOther() async throws {
        try await SecureRig.run(
            asksClients: true,
            {
                $0.identity.certificates.subjectFrom = .sanURI
                $0.limits.requestsPerMinute = 1
                $0.limits.burst = 2
            }
        ) { secure async throws in
            let leaf = try secure.leaf()
            let client = try await secure.http2(leaf: leaf)
            var statuses: [Int] = []
            for _ in 0..<3 { statuses.append(try await client.ask("GET", "/v1/models").status) }
            #expect(statuses == [200, 200, 429])
            client.leave()
        }
    }

    @Test func believesACertificateNoLongerThanItLasts() async throws {
        try await SecureRig.run(asksClients: true, Self.named(.sanURI)) { secure async throws in
            let client = try await secure.http2(leaf: secure.leaf())
            #expect(try await client.ask("GET", "/v1/models").status == 200)
            // The connection outlives its certificate.
            secure.rig.clock.setWall(secure.rig.clock.now.seconds + 400 * 86_400)
            let refused = try await client.ask("GET", "/v1/models")
            #expect(refused.status == 401)
            #expect(refused.text.contains("invalid_certificate"))
            client.leave()
        }
    }

    @Test func aTokenDecidesWhereThereIsOne() async throws {
        try await SecureRig.run(asksClients: true, Self.named(.sanURI)) { secure async throws in
            let refused = try await status(secure, secure.leaf(), [("authorization", "Bearer x")])
            #expect(refused.status == 401)
            #expect(refused.text.contains("invalid_token"))
            #expect(try await status(secure, secure.leaf(), [secure.token()]).status == 200)
        }
    }

    // RFC 8705 section 3
    @Test func believesABoundTokenOverItsOwnConnectionOnly() async throws {
        try await SecureRig.run(asksClients: true) { secure async throws in
            let (leaf, other) = (try secure.leaf(), try secure.leaf())
            let bound = secure.token(#""cnf":{"x5t#S256":"\#(Base64URL.encode(leaf.thumbprint))"}"#)
            // Twice each: once verified, once known.
            for _ in 0..<2 {
                #expect(try await status(secure, leaf, [bound]).status == 200)
                #expect(try await status(secure, other, [bound]).status == 401)
                #expect(try await status(secure, nil, [bound]).status == 401)
                let plain = try await secure.rig.ask("GET", "/v1/models", fields: ["\(bound.0): \(bound.1)"])
                #expect(plain.status == 401)
            }
            #expect(try await secure.rig.metric(#"gw_auth_total{method="jwt",result="binding"}"#) == 6)
        }
    }

    @Test func needsNoIssuerOfTokensWhereCertificatesAreEnough() async throws {
        try await SecureRig.run(
            asksClients: true,
            {
                $0.identity.jwt = []
                $0.identity.certificates.subjectFrom = .sanURI
            }
        ) { secure async throws in
            #expect(try await status(secure, secure.leaf()).status == 200)
            #expect(try await status(secure, secure.leaf(), [secure.token()]).status == 401)
            #expect(try await secure.rig.ask("GET", "/ready").status == 200)
        }
    }
}
