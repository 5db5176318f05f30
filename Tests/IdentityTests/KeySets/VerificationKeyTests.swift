import OstiaryCore
import Testing

@testable import OstiaryIdentity

@Suite struct VerificationKeyTests {
    @Test func verifiesOnlyWithItsOwnAlgorithms() throws {
        let signer = try #require(Signer.rsa)
        let message = Array("message".utf8)
        let signature = try signer.sign(message, "PS256")
        func key(_ more: String, allowing algorithms: [SignatureAlgorithm]) throws -> VerificationKey {
            try JWK.read(JSONReader.read(Array(signer.jwk(more).utf8)), allowing: algorithms)
        }
        let free = try key("", allowing: [.rs256, .ps256])
        #expect(free.algorithms == [.rs256, .ps256])
        #expect(free.verifies(signature, of: message[...], with: .ps256))
        #expect(!free.verifies(signature, of: message[...], with: .rs256))
        let pinned = try key(#""alg":"RS256""#, allowing: [.rs256, .ps256])
        #expect(!pinned.verifies(signature, of: message[...], with: .ps256))
        let other = try key("", allowing: [.rs256])
        #expect(!other.verifies(signature, of: message[...], with: .ps256))
    }
}
