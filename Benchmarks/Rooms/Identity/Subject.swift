import Crypto
import OstiaryCore

@testable import OstiaryIdentity

/// A verifier, an authenticator that uses it, and calls of every kind for them.
struct Subject {
    private struct Keys: KeySetSource {
        let document: [UInt8]

        func read(limit: Int, seconds: Double) async throws(FetchFailure) -> FetchedDocument {
            FetchedDocument(body: document, maxAge: nil)
        }
    }

    let key = P256.Signing.PrivateKey()
    let verifier: TokenVerifier
    let bearer: BearerAuthenticator
    let memory: VerifiedTokens
    let known: [Call]
    let expired: [Call]
    let bad: [Call]
    let without = Subject.call(nil)

    init(_ check: SignatureCheck) async throws {
        let issuer = OwnIssuer(issuer: "https://idp.example/", key: key)
        // The same name of the key, but not the same key.
        let thief = OwnIssuer(issuer: "https://idp.example/", key: P256.Signing.PrivateKey())
        var policy = TokenPolicy()
        policy.issuer = issuer.issuer
        policy.audiences = ["ai-gateway"]
        verifier = try TokenVerifier(
            issuers: [TrustedIssuer(policy: policy, source: Keys(document: issuer.keySetDocument))],
            pseudonymKey: SymmetricKey(size: .bits256),
            signatureCheck: check
        )
        _ = await verifier.prime()
        bearer = BearerAuthenticator(verifier: verifier)
        memory = bearer.makeMemory()
        let now = SystemClock().now
        func calls(_ count: Int, _ issuer: OwnIssuer, at time: UnixTime) throws -> [Call] {
            try (0..<count).map { number in
                let token = try issuer.mint(
                    subject: "user-\(number)",
                    scopes: ["openid", "inference", "models"],
                    audience: "ai-gateway",
                    lifetime: 3600,
                    now: time
                )
                return Self.call(Array(token.utf8))
            }
        }
        known = try calls(5000, issuer, at: now)
        expired = try calls(1000, issuer, at: now + -8000)
        bad = try calls(1000, thief, at: now).map { Self.call(Self.renamed($0, like: issuer)) }
    }

    private static func call(_ token: [UInt8]?) -> Call {
        Call(
            id: RequestID(high: 1, low: 2),
            method: .post,
            route: nil,
            query: [],
            credential: token.map { Credential(place: .authorization, bytes: $0) },
            peer: Peer(address: "192.0.2.1"),
            started: MonotonicTime(nanoseconds: 0)
        )
    }

    /// The call's token under the header of another issuer's.
    private static func renamed(_ call: Call, like issuer: OwnIssuer) -> [UInt8] {
        let parts = (call.credential?.bytes ?? []).split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        let header = #"{"alg":"ES256","typ":"at+jwt","kid":"\#(issuer.keyName)"}"#
        let dot = [UInt8(ascii: ".")]
        return Array(Base64URL.encode(Array(header.utf8)).utf8) + dot + parts[1] + dot + parts[2]
    }
}
