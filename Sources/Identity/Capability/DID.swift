public import OstiaryCore

/// Who issues, receives or is the subject of a capability token: a public key of secp256k1, or an Ethereum address.
///
/// Two spellings of one key are the same identity: `did:nil` and `did:key` are compared by the key. That the bytes are a
/// point of the curve is not checked here; whoever checks a signature does.
public struct DID: Hashable, Sendable, CustomStringConvertible {
    public enum Method: Hashable, Sendable {
        /// `did:nil:` and 66 hex digits.
        case `nil`
        /// `did:key:z` and base58btc of `e7 01` and the key.
        case key
        /// `did:ethr:0x` and 40 hex digits with the checksum of EIP-55.
        case ethr
    }

    /// How it was written; of no meaning for who it is.
    public let method: Method
    /// 33 bytes of a compressed key, or 20 of an address.
    public let bytes: [UInt8]

    /// The key's `did:nil`, or another method's.
    public init(_ key: Secp256k1PublicKey, method: Method = .nil) {
        self.method = method
        bytes = method == .ethr ? Array(Keccak256.hash(key.coordinates).suffix(20)) : key.compressed
    }

    /// Reads exactly one DID and nothing around it; `nil` for anything else, an address whose checksum is wrong among it.
    public init?(_ text: String) {
        self.init(Array(text.utf8)[...])
    }

    init?(_ text: ArraySlice<UInt8>) {
        if let digits = Self.rest(text, behind: "did:nil:") {
            guard digits.count == 66, let bytes = Hex.decode(digits) else { return nil }
            method = .nil
            self.bytes = bytes
        } else if let digits = Self.rest(text, behind: "did:key:z") {
            guard let bytes = Base58.decode(digits), bytes.count == 35, bytes.starts(with: [0xe7, 0x01]) else {
                return nil
            }
            method = .key
            self.bytes = Array(bytes.dropFirst(2))
        } else if let digits = Self.rest(text, behind: "did:ethr:0x") {
            guard digits.count == 40, let bytes = Hex.decode(digits) else { return nil }
            method = .ethr
            self.bytes = bytes
            guard Self.checksummed(bytes).utf8.elementsEqual(digits) else { return nil }
        } else {
            return nil
        }
    }

    private init(method: Method, bytes: [UInt8]) {
        self.method = method
        self.bytes = bytes
    }

    /// The same identity as `did:nil`, which has one spelling; an address stays what it is.
    public var canonical: DID { method == .key ? DID(method: .nil, bytes: bytes) : self }

    /// The key, or `nil` for an address and for what is no point of the curve.
    public var publicKey: Secp256k1PublicKey? { method == .ethr ? nil : Secp256k1PublicKey(bytes) }

    public var description: String {
        switch method {
        case .nil: "did:nil:" + Hex.encode(bytes)
        case .key: "did:key:z" + Base58.encode([0xe7, 0x01] + bytes)
        case .ethr: "did:ethr:0x" + Self.checksummed(bytes)
        }
    }

    public static func == (left: DID, right: DID) -> Bool { left.bytes == right.bytes }

    public func hash(into hasher: inout Hasher) { hasher.combine(bytes) }

    private static func rest(_ text: ArraySlice<UInt8>, behind prefix: String) -> ArraySlice<UInt8>? {
        text.starts(with: prefix.utf8) ? text.dropFirst(prefix.utf8.count) : nil
    }

    /// EIP-55: a digit is upper-case where the hash of the lower-case text has a nibble above seven.
    private static func checksummed(_ address: [UInt8]) -> String {
        let digits = Array(Hex.encode(address).utf8)
        let hash = Keccak256.hash(digits)
        let cased = digits.enumerated().map { index, digit in
            let nibble = index % 2 == 0 ? hash[index / 2] >> 4 : hash[index / 2] & 0xf
            return nibble > 7 && digit >= UInt8(ascii: "a") ? digit - 0x20 : digit
        }
        return String(decoding: cased, as: UTF8.self)
    }
}
