import Crypto

/// An ES256 signature (RFC 7518 section 3.4) and the digest of what it is said to sign, for both ways of checking it.
struct ES256Signature: Sendable {
    private let bytes: [UInt8]
    private let digest: SHA256Digest
    private let r: Limbs
    private let s: Limbs

    /// `nil` for any other length than 64 bytes.
    init?(_ bytes: [UInt8], of message: ArraySlice<UInt8>) {
        self.init(bytes, digest: SHA256.hash(data: message))
    }

    init?(_ bytes: [UInt8], digest: SHA256Digest) {
        guard bytes.count == 64, let r = Limbs(bigEndian: bytes.span), let s = Limbs(bigEndian: bytes.span, at: 32)
        else {
            return nil
        }
        self.bytes = bytes
        self.digest = digest
        self.r = r
        self.s = s
    }

    /// What swift-crypto says.
    func isGenuine(by key: P256.Signing.PublicKey) -> Bool {
        guard let signature = try? P256.Signing.ECDSASignature(rawRepresentation: bytes) else { return false }
        return key.isValidSignature(signature, for: digest)
    }

    /// What our own arithmetic says.
    func isGenuine(by key: FixedKey) -> Bool {
        let digest = digest.withUnsafeBytes { Limbs(bigEndian: Span(_unsafeBytes: $0)) }
        guard let digest else { return false }
        return key.verifies(r: r, s: s, digest: digest)
    }
}
