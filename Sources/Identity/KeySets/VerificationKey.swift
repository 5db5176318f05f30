import Crypto
import CryptoExtras

/// A public key that may verify signatures, with the algorithms that it may verify them with.
public struct VerificationKey: Sendable {
    enum Material: Sendable {
        /// For the library, and for our own arithmetic.
        case p256(P256.Signing.PublicKey, AffinePoint)
        case p384(P384.Signing.PublicKey)
        case p521(P521.Signing.PublicKey)
        case rsa(_RSA.Signing.PublicKey, bytes: Int)
        case ed25519(Curve25519.Signing.PublicKey)
    }

    /// The key's `kid`.
    public let name: String?
    /// What the key may be used with: its type, its own `alg` and the policy agree on these.
    public let algorithms: [SignatureAlgorithm]
    let material: Material

    /// Whether `signature` is one of `message` by this key's owner, by the library's word. `false` for an algorithm that is not the key's, and
    /// for a signature of any other length than the algorithm's (RFC 7518 sections 3.3 to 3.5, RFC 8037 section 3.1).
    public func verifies(_ signature: [UInt8], of message: ArraySlice<UInt8>, with algorithm: SignatureAlgorithm)
        -> Bool
    {
        guard algorithms.contains(algorithm) else { return false }
        switch (material, algorithm) {
        case (.p256(let key, _), .es256):
            return ES256Signature(signature, of: message)?.isGenuine(by: key) ?? false
        case (.p384(let key), .es384):
            guard let parsed = try? P384.Signing.ECDSASignature(rawRepresentation: signature) else { return false }
            return key.isValidSignature(parsed, for: digest(SHA384.self, message))
        case (.p521(let key), .es512):
            guard let parsed = try? P521.Signing.ECDSASignature(rawRepresentation: signature) else { return false }
            return key.isValidSignature(parsed, for: digest(SHA512.self, message))
        case (.ed25519(let key), .edDSA):
            return signature.count == 64 && key.isValidSignature(signature, for: message)
        case (.rsa(let key, let bytes), _):
            guard signature.count == bytes else { return false }
            return verifiesRSA(_RSA.Signing.RSASignature(rawRepresentation: signature), of: message, key, algorithm)
        default:
            return false
        }
    }

    private func verifiesRSA(
        _ signature: _RSA.Signing.RSASignature,
        of message: ArraySlice<UInt8>,
        _ key: _RSA.Signing.PublicKey,
        _ algorithm: SignatureAlgorithm
    ) -> Bool {
        switch algorithm {
        case .rs256:
            key.isValidSignature(signature, for: digest(SHA256.self, message), padding: .insecurePKCS1v1_5)
        case .rs384:
            key.isValidSignature(signature, for: digest(SHA384.self, message), padding: .insecurePKCS1v1_5)
        case .rs512:
            key.isValidSignature(signature, for: digest(SHA512.self, message), padding: .insecurePKCS1v1_5)
        case .ps256: key.isValidSignature(signature, for: digest(SHA256.self, message), padding: .PSS)
        case .ps384: key.isValidSignature(signature, for: digest(SHA384.self, message), padding: .PSS)
        case .ps512: key.isValidSignature(signature, for: digest(SHA512.self, message), padding: .PSS)
        case .es256, .es384, .es512, .edDSA: false
        }
    }

    private func digest<Hash: HashFunction>(_: Hash.Type, _ message: ArraySlice<UInt8>) -> Hash.Digest {
        Hash.hash(data: message)
    }
}
