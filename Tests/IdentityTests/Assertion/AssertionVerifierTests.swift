import OstiaryCore
import Testing

@testable import OstiaryIdentity

@Suite struct AssertionVerifierTests {
    let signer = Signer("a-1")
    let verifier: AssertionVerifier

    init() throws {
        let a = AssertionClient(id: "client-a", keys: try KeySet(document: document(signer.jwk()), allowing: [.es256]))
        let keys = try KeySet(document: document(Signer("b-1").jwk()), allowing: [.es256])
        let b = AssertionClient(id: "client-b", keys: keys)
        verifier = AssertionVerifier(
            clients: [a, b],
            audiences: ["https://gate.example", "https://gate.example/oauth/token"],
            store: MemoryReplayStore(capacity: 10)
        )
    }

    func assertion(_ changes: [String: String?] = [:]) -> String {
        var members: [String: String?] = [
            "iss": "\"client-a\"", "sub": "\"client-a\"", "aud": "\"https://gate.example\"", "iat": "\(start)",
            "exp": "\(start + 60)", "jti": "\"\(UInt64.random(in: 0...UInt64.max))\"", "scope": nil,
        ]
        for (name, value) in changes { members[name] = .some(value) }
        return claims(members)
    }

    func fault(_ payload: String, header: String? = nil) async throws -> TokenFault? {
        let token = try signer.token(header: header, payload: payload)
        do throws(TokenFault) {
            let client = try await verifier.verify(Array(token.utf8), now: UnixTime(seconds: Double(start)))
            #expect(client == "client-a")
            return nil
        } catch {
            return error
        }
    }

    // SEC-206
    @Test func acceptsAnAssertionForThisServerAlone() async throws {
        #expect(try await fault(assertion()) == nil)
        #expect(try await fault(assertion(["aud": #"["https://gate.example/oauth/token"]"#])) == nil)
        #expect(try await fault(assertion(["iat": nil])) == nil)
        for audience in [
            #""https://other.example""#, #"["https://gate.example","https://other.example"]"#, "[]", "\"\"",
            #"["https://gate.example","https://gate.example/oauth/token"]"#,
        ] {
            #expect(try await fault(assertion(["aud": audience])) == .audience, "\(audience)")
        }
    }

    @Test func refusesWhatIsNotTheClientsOwn() async throws {
        #expect(try await fault(assertion(["sub": "\"client-b\""])) == .issuer)
        #expect(try await fault(assertion(["iss": "\"client-b\"", "sub": "\"client-b\""])) == .unknownKey)
        #expect(try await fault(assertion(["iss": "\"x\"", "sub": "\"x\""])) == .issuer)
        for name in ["iss", "sub", "aud", "exp", "jti"] {
            #expect(try await fault(assertion([name: nil])) == .missingClaim, "\(name)")
        }
        #expect(try await fault(assertion(["jti": "1"])) == .claimType)
        #expect(try await fault(assertion(["jti": "\"\""])) == .claimType)
        #expect(try await fault(assertion(["exp": "\(start + 301)"])) == .lifetime)
        #expect(try await fault(assertion(["exp": "\(start - 30)", "iat": "\(start - 60)"])) == .expired)
        #expect(try await fault(assertion(), header: #"{"alg":"ES256","kid":"a-1","typ":"at+jwt"}"#) == .typ)
    }

    @Test func takesEachAssertionOnce() async throws {
        let payload = assertion()
        #expect(try await fault(payload) == nil)
        // A second spelling of the signature is the same assertion.
        #expect(try await fault(payload) == .replay)
        // A forged one does not use up the identifier.
        let other = assertion(["jti": "\"x\""])
        let forged = Array(try Signer("a-1").token(payload: other).utf8)
        await #expect(throws: TokenFault.signature) {
            try await verifier.verify(forged, now: UnixTime(seconds: Double(start)))
        }
        #expect(try await fault(other) == nil)
    }

    // SEC-002, SEC-205
    @Test func refusesWhenTheStoreIsFull() async throws {
        for _ in 0..<10 { #expect(try await fault(assertion()) == nil) }
        #expect(try await fault(assertion()) == .replayStore)
    }
}
