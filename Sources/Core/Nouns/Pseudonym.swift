public import Crypto

/// A caller's name inside tables, logs and metrics: the first 16 bytes of
/// `HMAC-SHA256(key, "rl1" || 0x00 || issuer || 0x00 || subject)`. Nobody without the key can tell who it is.
public struct Pseudonym: Hashable, Sendable, CustomStringConvertible {
    public let high: UInt64
    public let low: UInt64

    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    public init(issuer: String, subject: String, key: SymmetricKey) {
        var message: [UInt8] = []
        message.reserveCapacity(5 + issuer.utf8.count + subject.utf8.count)
        message.append(contentsOf: "rl1\0".utf8)
        message.append(contentsOf: issuer.utf8)
        message.append(0)
        message.append(contentsOf: subject.utf8)
        let (high, low) = HMAC<SHA256>.authenticationCode(for: message, using: key).withUnsafeBytes { code in
            (
                UInt64(bigEndian: code.loadUnaligned(fromByteOffset: 0, as: UInt64.self)),
                UInt64(bigEndian: code.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            )
        }
        self.init(high: high, low: low)
    }

    /// The first eight hex digits, as logs show them.
    public var description: String {
        var digits: [UInt8] = []
        Hex.forEachDigit(of: high) { digits.append($0) }
        return String(decoding: digits.prefix(8), as: UTF8.self)
    }
}
