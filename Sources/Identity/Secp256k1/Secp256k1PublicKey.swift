import CSecp256k1

/// A public key of secp256k1: a point of the curve, checked when it was read.
public struct Secp256k1PublicKey: Hashable, Sendable {
    /// The 33 bytes of its compressed form (SEC 1 section 2.3.3).
    public let compressed: [UInt8]
    /// The form that the library reads, 64 bytes.
    private let parsed: [UInt8]

    /// Reads 33 or 65 bytes; `nil` for what is no point of the curve, and without the library.
    public init?(_ bytes: [UInt8]) {
        var parsed = [UInt8](repeating: 0, count: 64)
        guard csecp_read_key(bytes, bytes.count, &parsed) == 1 else { return nil }
        self.init(parsed: parsed)
    }

    init?(parsed: [UInt8]) {
        guard parsed.count == 64 else { return nil }
        var compressed = [UInt8](repeating: 0, count: 33)
        guard csecp_compress(parsed, &compressed) == 1 else { return nil }
        self.compressed = compressed
        self.parsed = parsed
    }

    /// The 64 bytes of both coordinates, big-endian; addresses are made of them.
    var coordinates: [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 65)
        guard csecp_uncompress(parsed, &bytes) == 1 else { return [] }
        return Array(bytes.dropFirst())
    }

    /// Whether `signature`, r and s of 32 bytes each, is this key's of the SHA-256 `digest`. A high s is none, nor is
    /// anything of another length.
    public func verifies(_ signature: [UInt8], of digest: [UInt8]) -> Bool {
        guard signature.count == 64, digest.count == 32 else { return false }
        return csecp_verify(parsed, digest, signature) == 1
    }

    /// The same for a signature in DER (X9.62).
    public func verifies(der signature: [UInt8], of digest: [UInt8]) -> Bool {
        guard digest.count == 32, !signature.isEmpty else { return false }
        return csecp_verify_der(parsed, digest, signature, signature.count) == 1
    }

    /// The key that made `signature` of `digest`, by its number, 0 or 1; `nil` where there is none.
    static func recovered(from signature: [UInt8], number: Int, digest: [UInt8]) -> Secp256k1PublicKey? {
        guard signature.count == 64, digest.count == 32, (0...1).contains(number) else { return nil }
        var parsed = [UInt8](repeating: 0, count: 64)
        guard csecp_recover(signature, CInt(number), digest, &parsed) == 1 else { return nil }
        return Secp256k1PublicKey(parsed: parsed)
    }
}
