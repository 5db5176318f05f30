import OstiaryCore

/// The 32 random bytes of an answer's header field.
public struct ResponseNonce: Hashable, Sendable {
    static let count = 32

    let bytes: [UInt8]

    /// One that nobody has.
    public init() {
        bytes = .random(Self.count)
    }

    /// Reads the field's value: 64 hexadecimal digits of either case.
    /// - Throws: `INVALID_RESPONSE_NONCE`.
    public init(field value: some Collection<UInt8>) throws(SealedFault) {
        guard value.count == 2 * Self.count, let bytes = Hex.decode(value) else {
            throw SealedFault(.invalidResponseNonce, "is not 64 hexadecimal digits")
        }
        self.bytes = bytes
    }

    /// The field's value.
    public var field: String { Hex.encode(bytes) }
}
