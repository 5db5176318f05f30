import Crypto
import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryIdentity

@Suite struct KeyAuthenticatorTests {
    private struct Ring {
        var document = KeyDocument()
        let clock = ManualClock(now: 1_800_000_000)
        let known: KnownKeys
        let authenticator: KeyAuthenticator

        init(_ wishes: [KeyWish]) throws {
            for (index, wish) in wishes.enumerated() {
                try document.add(wish, key: Self.secret(UInt64(index)), at: UnixTime(seconds: 1_800_000_000))
            }
            known = KnownKeys(document, pseudonymKey: SymmetricKey(size: .bits256))
            authenticator = KeyAuthenticator(keys: known, clock: clock)
        }

        static func secret(_ seed: UInt64) -> Secret {
            var random = SeededGenerator(seed: seed)
            return VirtualKey.make(random: &random)
        }

        func identify(_ seed: UInt64) throws(GateError) -> Identity {
            let bytes = Self.secret(seed).withBytes { $0.withUnsafeBufferPointer { Array($0) } }
            return try authenticator.known(Credential(place: .apiKey, bytes: bytes), now: clock.now)
        }

        func refusal(_ seed: UInt64) -> GateError? {
            do throws(GateError) {
                _ = try identify(seed)
                return nil
            } catch {
                return error
            }
        }
    }

    @Test func `a key names its holder, what it may do, and how much`() throws {
        let limits = Narrowing.Limits(requestsPerMinute: 3)
        let ring = try Ring([
            KeyWish(name: "ci", scopes: ["inference"], models: ["gpt-*"], limits: limits), KeyWish(name: "b"),
        ])
        let identity = try ring.identify(0)
        #expect(identity.issuer == "key" && identity.subject == "ci" && identity.means == .key)
        #expect(identity.scopes.names == ["inference"])
        #expect(identity.narrowing == Narrowing(rule: "key ci", models: ["gpt-*"], limits: limits))
        #expect(try ring.identify(1).subject == "b")
        #expect(ring.known.uses["ci"] == 1_800_000_000)
    }

    /// SEC-604: unknown, expired and revoked share one answer; C2: none is worth another try. SEC-210: at use.
    @Test func `what is not good is refused alike, and at once`() throws {
        var ring = try Ring([KeyWish(name: "short", expires: 1_800_000_060), KeyWish(name: "long")])
        #expect(try ring.identify(0).subject == "short")
        ring.clock.advance(60)
        let expired = try #require(ring.refusal(0))
        try ring.document.revoke("long", at: ring.clock.now)
        ring.known.replace(with: ring.document)
        let revoked = try #require(ring.refusal(1))
        let unknown = try #require(ring.refusal(7))
        #expect(
            ["\(expired.cause)", "\(revoked.cause)", "\(unknown.cause)"] == [
                "expired_key", "revoked_key", "unknown_key",
            ]
        )
        for error in [expired, revoked, unknown] {
            #expect(error.code == .invalidToken && error.status == 401 && error.forbidsRetry)
            #expect(error.message == unknown.message && error.challenge == unknown.challenge)
        }
        #expect(ring.authenticator.instruments.value("gw_auth_total", "revoked_key") == 1)
    }

    @Test func `the text of before is good for the overlap and no longer`() throws {
        var ring = try Ring([KeyWish(name: "ci")])
        try ring.document.rotate("ci", key: Ring.secret(5), overlap: 30, at: ring.clock.now)
        ring.known.replace(with: ring.document)
        #expect(try ring.identify(0).isSamePrincipal(as: ring.identify(5)))
        ring.clock.advance(30)
        #expect(ring.refusal(0) != nil && ring.refusal(5) == nil)
        // Without an overlap it ends at once.
        try ring.document.rotate("ci", key: Ring.secret(6), overlap: 0, at: ring.clock.now)
        ring.known.replace(with: ring.document)
        #expect(ring.refusal(5) != nil && ring.refusal(6) == nil)
        #expect(ring.known.uses["ci"] != nil, "its last use is not forgotten with its text")
    }

    /// SEC-209: what is hashed for one purpose is not what is hashed for another.
    @Test func `a digest is none of other uses of the same key`() {
        let key = SymmetricKey(data: Array(repeating: 3 as UInt8, count: 32))
        let text = Array("ost_x".utf8)
        let digest = KeyDigest(of: text.span, under: key)
        #expect(digest.bytes != Array(HMAC<SHA256>.authenticationCode(for: text, using: key)))
        #expect(KeyDigest(hex: digest.hex) == digest)
    }
}
