import Crypto
import OstiaryCore
import Testing

@testable import OstiaryIdentity

@Suite struct ProofVerifierTests {
    let signer = Signer("p")
    let verifier = ProofVerifier(store: MemoryReplayStore())
    let accessToken = Array("a.b.c".utf8)
    let url = "https://gate.example/v1/chat/completions"

    func proof(_ changes: [String: String?] = [:], header: String? = nil, by other: Signer? = nil) throws -> [UInt8] {
        let hash = Base64URL.encode(Array(SHA256.hash(data: accessToken)))
        var members: [String: String?] = [
            "iss": nil, "sub": nil, "aud": nil, "exp": nil, "scope": nil, "iat": "\(start)", "htm": "\"POST\"",
            "htu": "\"\(url)\"", "ath": "\"\(hash)\"", "jti": "\"\(UInt64.random(in: 0...UInt64.max))\"",
        ]
        for (name, value) in changes { members[name] = .some(value) }
        let header = header ?? #"{"alg":"ES256","typ":"dpop+jwt","jwk":\#(signer.jwk(""))}"#
        return Array(try (other ?? signer).token(header: header, payload: claims(members)).utf8)
    }

    func fault(_ proof: [UInt8], url: String? = nil, thumbprint: String? = nil) async throws -> TokenFault? {
        let key = try #require(try JSONReader.read(Array(signer.jwk("").utf8)).object)
        let print = try #require(JWK.thumbprint(of: key))
        do throws(TokenFault) {
            try await verifier.verify(
                proof,
                method: "POST",
                url: url ?? self.url,
                accessToken: accessToken,
                boundTo: thumbprint ?? print,
                now: UnixTime(seconds: Double(start))
            )
            return nil
        } catch {
            return error
        }
    }

    @Test func acceptsAProofForThisRequestOnce() async throws {
        let proof = try proof()
        #expect(try await fault(proof) == nil)
        #expect(try await fault(proof) == .replay)
    }

    @Test func refusesAProofForAnotherRequestTokenOrKey() async throws {
        #expect(try await fault(proof(["htm": "\"GET\""])) == .binding)
        #expect(try await fault(proof(["htm": "\"post\""])) == .binding)
        #expect(try await fault(proof(["ath": "\"x\""])) == .binding)
        #expect(try await fault(proof(), thumbprint: "x") == .binding)
        for other in ["https://gate.example/v1", "http://gate.example/v1/chat/completions", "https://x.example/", ""] {
            #expect(try await fault(proof(), url: other) == .binding, "\(other)")
            #expect(try await fault(proof(["htu": "\"\(other)\""])) == .binding, "\(other)")
        }
        #expect(try await fault(proof(by: Signer("q"))) == .signature)
        for name in ["jti", "htm", "htu", "iat", "ath"] {
            #expect(try await fault(proof([name: nil])) == .missingClaim, "\(name)")
        }
    }

    @Test func theWindowEndsExactly() async throws {
        #expect(try await fault(proof(["iat": "\(start - 60)"])) == nil)
        #expect(try await fault(proof(["iat": "\(start - 61)"])) == .expired)
        #expect(try await fault(proof(["iat": "\(start + 60)"])) == nil)
        #expect(try await fault(proof(["iat": "\(start + 61)"])) == .notYetValid)
    }

    @Test func wantsItsOwnTypeAndAPublicKey() async throws {
        let jwk = signer.jwk("")
        let headers: [(String, TokenFault)] = [
            (#"{"alg":"ES256","typ":"JWT","jwk":\#(jwk)}"#, .typ), (#"{"alg":"ES256","jwk":\#(jwk)}"#, .typ),
            (#"{"alg":"ES256","typ":"dpop+jwt"}"#, .malformed), (#"{"alg":"none","typ":"dpop+jwt"}"#, .algNotAllowed),
            (#"{"alg":"ES256","typ":"dpop+jwt","jwk":\#(signer.jwk(#""d":"AAAA""#))}"#, .malformed),
            (#"{"alg":"EdDSA","typ":"dpop+jwt","jwk":\#(jwk)}"#, .algKeyMismatch),
            (#"{"alg":"HS256","typ":"dpop+jwt","jwk":{"kty":"oct","k":"AAAA"}}"#, .algNotAllowed),
        ]
        for (header, expected) in headers {
            #expect(try await fault(proof(header: header)) == expected, "\(header)")
        }
    }

    @Test func comparesTargetsAfterNormalising() async throws {
        #expect(ProofTarget("HTTPS://Gate.Example:443") == ProofTarget("https://gate.example/?a=1#b"))
        #expect(ProofTarget("http://x:80/a") == ProofTarget("http://x/a"))
        #expect(ProofTarget("https://x:80/a") != ProofTarget("https://x/a"))
        #expect(ProofTarget("https://x/a") != ProofTarget("https://x/A"))
        #expect(ProofTarget("https://x/a") != ProofTarget("https://x/a/"))
        #expect(ProofTarget("https://x/%61") != ProofTarget("https://x/a"))
        for url in [
            "", "/a", "x", "https:/x", "https://", "ftp://x/", "https://u@x/", "https://x/ a", "https://x\u{e9}/",
        ] {
            #expect(ProofTarget(url) == nil, "\(url)")
        }
    }
}
