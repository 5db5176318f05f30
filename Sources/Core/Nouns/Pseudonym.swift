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
        var mac = HMAC<SHA256>(key: key)
        mac.update(data: Array("rl1\0".utf8))
        mac.update(data: Array(issuer.utf8))
        mac.update(data: [0])
        mac.update(data: Array(subject.utf8))
        var high: UInt64 = 0
        var low: UInt64 = 0
        for (index, byte) in mac.finalize().prefix(16).enumerated() {
            if index < 8 { high = high << 8 | UInt64(byte) } else { low = low << 8 | UInt64(byte) }
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
