import Crypto
import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryIdentity

@Suite struct OwnIssuerTests {
    @Test func itsTokensPassLikeAnyOther() async throws {
        let issuer = OwnIssuer(issuer: "http://127.0.0.1:9")
        let clock = ManualClock(now: Double(start) + 0.7)
        var policy = TokenPolicy()
        policy.issuer = "http://127.0.0.1:9"
        policy.audiences = ["dev"]
        let server = KeySetServer(.document(issuer.keySetDocument))
        let source = try #require(FetchedKeySet(url: "http://127.0.0.1:9/keys", fetcher: server))
        let verifier = try TokenVerifier(
            issuers: [TrustedIssuer(policy: policy, source: source)],
            pseudonymKey: SymmetricKey(size: .bits256),
            clock: clock
        )
        let token = try issuer.mint(
            subject: "dev-user",
            scopes: ["inference", "admin"],
            audience: "dev",
            lifetime: 86_400,
            now: clock.now
        )
        let identity = try await verifier.verify(Array(token.utf8)).identity
        #expect(identity.subject == "dev-user")
        #expect(identity.scopes.names == ["inference", "admin"])
        #expect(identity.expires.seconds == Double(start + 86_400 + 30))
    }

    @Test func itsKeySetHasOnePublicKeyNamedByItsThumbprint() throws {
        let issuer = OwnIssuer(issuer: "x")
        let keys = try #require(try JSONReader.read(issuer.keySetDocument).object?["keys"]?.array)
        let key = try #require(keys.first?.object)
        #expect(keys.count == 1)
        #expect(key["d"] == nil)
        #expect(key["kid"]?.string == JWK.thumbprint(of: key))
        #expect(issuer.keyName.utf8.count == 43)
        #expect(OwnIssuer(issuer: "x").keyName != issuer.keyName)
    }
}
