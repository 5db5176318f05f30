/// The key that bodies are sealed to, as it is published: 41 bytes that begin like a key configuration of RFC 9458
/// section 3.1, without the length in front that a list of them has there.
///
///     key_id(1) kem_id(2) public_key(32) suites_length(2) kdf_id(2) aead_id(2)
public struct KeyDocument: Hashable, Sendable {
    /// The media type. Clients compare all of it: a parameter behind it breaks them.
    public static let mediaType = "application/ohttp-keys"

    /// Read and written back; nothing uses it.
    public let keyID: UInt8
    public let publicKey: PublicPoint

    public init(keyID: UInt8 = 0, publicKey: PublicPoint) {
        self.keyID = keyID
        self.publicKey = publicKey
    }

    /// Reads the first configuration; what lies behind it is not looked at.
    /// - Throws: `INVALID_KEY_CONFIG` or `UNSUPPORTED_SUITE`.
    public init(_ bytes: [UInt8]) throws(SealedFault) {
        var rest = bytes[...]
        func take(_ count: Int, _ what: String) throws(SealedFault) -> ArraySlice<UInt8> {
            guard rest.count >= count else { throw SealedFault(.invalidKeyConfig, "ends in its \(what)") }
            defer { rest = rest.dropFirst(count) }
            return rest.prefix(count)
        }
        func number(_ what: String) throws(SealedFault) -> UInt16 {
            try take(2, what).reduce(0) { $0 << 8 | UInt16($1) }
        }
        guard let keyID = try take(1, "key id").first else { throw SealedFault(.invalidKeyConfig, "is empty") }
        let kem = try number("KEM")
        guard kem == SealedSuite.kem else { throw SealedFault(.unsupportedSuite, "the KEM is not X25519") }
        let point = Array(try take(PublicPoint.count, "public key"))
        let length = Int(try number("suites"))
        guard length > 0, length % 4 == 0 else { throw SealedFault(.invalidKeyConfig, "has suites of a wrong length") }
        guard rest.count >= length else { throw SealedFault(.invalidKeyConfig, "ends in its suites") }
        guard length == 4 else { throw SealedFault(.unsupportedSuite, "offers more than one suite") }
        guard try number("KDF") == SealedSuite.kdf, try number("AEAD") == SealedSuite.aead else {
            throw SealedFault(.unsupportedSuite, "the suite is not HKDF-SHA256 with AES-256-GCM")
        }
        guard let publicKey = PublicPoint(point) else {
            throw SealedFault(.invalidKeyConfig, "the public key is a point of low order")
        }
        self.init(keyID: keyID, publicKey: publicKey)
    }

    /// The 41 bytes.
    public var bytes: [UInt8] {
        func two(_ number: UInt16) -> [UInt8] { [UInt8(number >> 8), UInt8(truncatingIfNeeded: number)] }
        return [keyID] + two(SealedSuite.kem) + publicKey.bytes + two(4) + two(SealedSuite.kdf)
            + two(SealedSuite.aead)
    }
}
