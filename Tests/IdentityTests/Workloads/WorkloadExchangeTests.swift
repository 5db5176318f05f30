import Crypto
import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryIdentity

@Suite struct WorkloadExchangeTests {
    /// A platform, its key-set server, a gate's exchange and who believes the gate.
    private struct Scene {
        let signer = Signer("es-1")
        let clock = ManualClock(now: Double(start))
        let server: KeySetServer
        let issuer: OwnIssuer
        let exchange: WorkloadExchange

        init(
            accounts: [String] = ["svac_ci"],
            organization: String? = nil,
            isSingleUse: Bool = true,
            more: [String] = []
        ) throws {
            server = KeySetServer(.document(document(signer.jwk())))
            issuer = OwnIssuer(issuer: "ostiary")
            let source = try #require(FetchedKeySet(url: "https://idp.example/keys", fetcher: server))
            let rules = (["ci"] + more).map { name in
                WorkloadRule(
                    name: name,
                    issuer: TrustedIssuer(policy: Self.policy, source: source),
                    subjects: ["user-1", "repo:acme/app:*"],
                    accounts: accounts,
                    organization: organization,
                    scopes: ["inference", "more"],
                    isSingleUse: isSingleUse
                )
            }
            exchange = try WorkloadExchange(
                rules,
                issuer: issuer,
                lifetime: 600,
                pseudonymKey: SymmetricKey(data: Array(repeating: 7, count: 32)),
                clock: clock
            )
        }

        static var policy: TokenPolicy {
            var policy = TokenPolicy()
            policy.issuer = "https://idp.example"
            policy.audiences = ["https://gate.example"]
            policy.longestLife = 3600
            return policy
        }

        func assertion(_ changes: [String: String?] = ["jti": #""1""#]) throws -> [UInt8] {
            Array(try signer.token(payload: claims(changes)).utf8)
        }

        func refusal(_ request: WorkloadRequest) async -> GateError? {
            do throws(GateError) {
                _ = try await exchange.exchange(request)
                return nil
            } catch {
                return error
            }
        }

        /// What the gate makes of its own token.
        func identity(_ token: String) async throws -> Identity {
            var policy = TokenPolicy()
            policy.issuer = "ostiary"
            policy.audiences = ["ostiary"]
            let verifier = try TokenVerifier(
                issuers: [TrustedIssuer(policy: policy, source: OwnKeySet(of: issuer))],
                pseudonymKey: SymmetricKey(size: .bits256),
                clock: clock
            )
            return try await verifier.verify(Array(token.utf8)).identity
        }
    }

    @Test func `an assertion becomes a short token of the gate's own, for the principal asked for`() async throws {
        let scene = try Scene(accounts: ["svac_ci", "svac_other"])
        let request = WorkloadRequest(assertion: try scene.assertion(), rule: "ci", account: "svac_other")
        let grant = try await scene.exchange.exchange(request)
        #expect(grant.lifetime == 600)
        let identity = try await scene.identity(grant.token)
        #expect(identity.issuer == "ostiary" && identity.subject == "svac_other")
        #expect(identity.scopes.names == ["inference", "more"])
        #expect(identity.expires.seconds == Double(start + 600 + 30))
        #expect(identity.claims.object?["workload"]?.string == "user-1")
        #expect(identity.claims.object?["rule"]?.string == "ci")
        #expect(identity.claims.object?["jti"]?.string?.utf8.count == 32)
    }

    @Test func `who is not asked for is the sole account, or the subject where there is none`() async throws {
        let sole = try Scene()
        let first = try await sole.exchange.exchange(WorkloadRequest(assertion: try sole.assertion()))
        #expect(try await sole.identity(first.token).subject == "svac_ci")
        let plain = try Scene(accounts: [])
        let second = try await plain.exchange.exchange(WorkloadRequest(assertion: try plain.assertion()))
        #expect(try await plain.identity(second.token).subject == "user-1")
        let several = try Scene(accounts: ["a", "b"])
        #expect(await several.refusal(WorkloadRequest(assertion: try several.assertion()))?.code == .invalidGrant)
    }

    /// SEC-207: nobody gets more than the rule gives. SEC-604: the outside hears one sentence.
    @Test func `whatever is wrong is one refusal, with its cause for the log`() async throws {
        let scene = try Scene(organization: "org-1")
        let good = try scene.assertion()
        func request(
            _ assertion: [UInt8],
            rule: String? = "ci",
            account: String? = nil,
            organization: String? = "org-1"
        )
            -> WorkloadRequest
        {
            WorkloadRequest(assertion: assertion, rule: rule, account: account, organization: organization)
        }
        let stranger = try Signer("es-1").token(payload: claims(["jti": #""9""#]))
        let cases: [(WorkloadRequest, String)] = [
            (request(good, rule: "other"), "rule"), (request(good, organization: "org-2"), "organization"),
            (request(good, organization: nil), "organization"), (request(good, account: "svac_root"), "account"),
            (request(try scene.assertion(["sub": #""user-2""#])), "issuer"),
            (request(try scene.assertion(["sub": #""repo:acme/app""#])), "issuer"),
            (request(try scene.assertion(["sub": #""USER-1""#])), "issuer"),
            (request(try scene.assertion(["iss": #""https://other.example""#])), "issuer"),
            (request(try scene.assertion(["aud": #""https://other.example""#])), "audience"),
            (request(try scene.assertion(["aud": #"["https://gate.example","https://b.example"]"#])), "audience"),
            (request(try scene.assertion(["exp": "\(start - 31)"])), "expired_unchecked"),
            (request(try scene.assertion(["exp": "\(start + 4000)"])), "lifetime"),
            (request(try scene.assertion(["iat": nil])), "missing_claim"), (request(Array(stranger.utf8)), "signature"),
            (request(Array("a.b.c".utf8)), "malformed"), (request([]), "malformed"),
        ]
        var messages: Set<String> = []
        for (request, cause) in cases {
            let error = try #require(await scene.refusal(request), "\(cause)")
            #expect(error.code == .invalidGrant && error.status == 400)
            // Keys are read with the first assertion that gets that far; before, an expired one is not looked at.
            #expect("\(error.cause)" == cause || (cause == "expired_unchecked" && "\(error.cause)" == "expired"))
            messages.insert(error.message)
        }
        #expect(messages.count == 1)
        // None of them has used the good one up, but for that which asked for an account.
        let again = request(try scene.assertion(["jti": #""2""#]))
        #expect(await scene.refusal(again) == nil)
    }

    @Test func `scopes may be fewer and never more`() async throws {
        let scene = try Scene(isSingleUse: false)
        var request = WorkloadRequest(assertion: try scene.assertion(), scopes: Scopes(["inference"]))
        let grant = try await scene.exchange.exchange(request)
        #expect(try await scene.identity(grant.token).scopes.names == ["inference"])
        request.scopes = Scopes(["inference", "admin"])
        #expect(await scene.refusal(request)?.code == .invalidScope)
    }

    /// SEC-205: however many come at once, one assertion is one token.
    @Test func `an assertion is good once, however it is sent`() async throws {
        let scene = try Scene()
        let request = WorkloadRequest(assertion: try scene.assertion())
        let granted = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<64 { group.addTask { await scene.refusal(request) == nil } }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(granted == 1)
        // The same `jti` signed anew is the same assertion.
        #expect(await scene.refusal(WorkloadRequest(assertion: try scene.assertion()))?.cause.description == "replay")
        // Without one, what was signed is.
        let nameless = WorkloadRequest(assertion: try scene.assertion(["sub": #""repo:acme/app:ref""#]))
        #expect(await scene.refusal(nameless) == nil)
        #expect(await scene.refusal(nameless)?.cause.description == "replay")
        // Another rule has no second helping of it.
        let two = try Scene(more: ["twin"])
        let one = try two.assertion()
        #expect(await two.refusal(WorkloadRequest(assertion: one, rule: "ci")) == nil)
        #expect(await two.refusal(WorkloadRequest(assertion: one, rule: "twin")) != nil)
        #expect(await two.refusal(WorkloadRequest(assertion: one))?.code == .invalidRequest)
    }

    @Test func `a rule can let an assertion be good until it expires`() async throws {
        let scene = try Scene(isSingleUse: false)
        let request = WorkloadRequest(assertion: try scene.assertion())
        #expect(await scene.refusal(request) == nil)
        #expect(await scene.refusal(request) == nil)
        scene.clock.advance(631)
        #expect(await scene.refusal(request)?.cause.description == "expired")
    }

    @Test func `without the issuer's keys nothing can be said, and nothing is used up`() async throws {
        let scene = try Scene()
        scene.server.now(.failure(.unreachable))
        let request = WorkloadRequest(assertion: try scene.assertion())
        #expect(await scene.refusal(request)?.code == .keysUnavailable)
        scene.server.now(.document(document(scene.signer.jwk())))
        scene.clock.advance(120)
        #expect(await scene.refusal(request) == nil)
    }

    @Test func `gates that share a secret believe each other, and others do not`() throws {
        let secret = SymmetricKey(data: Array(repeating: 9 as UInt8, count: 32))
        let names = [OwnIssuer(issuer: "a", secret: secret), OwnIssuer(issuer: "b", secret: secret)].map(\.keyName)
        #expect(names[0] == names[1])
        let other = SymmetricKey(data: Array(repeating: 8 as UInt8, count: 32))
        #expect(OwnIssuer(issuer: "a", secret: other).keyName != names[0])
        // SEC-209: the key is not the secret itself.
        let raw = try P256.Signing.PrivateKey(rawRepresentation: Array(repeating: 9 as UInt8, count: 32))
        #expect(OwnIssuer(issuer: "a", key: raw).keyName != names[0])
    }
}
