import Crypto
public import OstiaryCore

/// What a token is named by in `prf` and in revocations: the SHA-256 over its whole text, without proofs.
public struct NucHash: Hashable, Sendable, CustomStringConvertible {
    private let first: UInt64
    private let second: UInt64
    private let third: UInt64
    private let fourth: UInt64

    /// The hash of one token's text.
    init(of text: ArraySlice<UInt8>) {
        var hash = SHA256()
        text.withUnsafeBytes { hash.update(bufferPointer: $0) }
        self.init(hash.finalize().withUnsafeBytes { Array($0) })
    }

    /// Reads 64 hex digits.
    public init?(_ digits: String) {
        guard digits.utf8.count == 64, let bytes = Hex.decode(digits.utf8) else { return nil }
        self.init(bytes)
    }

    private init(_ bytes: [UInt8]) {
        func word(_ number: Int) -> UInt64 {
            bytes.dropFirst(8 * number).prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
        }
        (first, second, third, fourth) = (word(0), word(1), word(2), word(3))
    }

    /// The first half, by which uses are counted.
    var key: UsageLimit.Key { UsageLimit.Key(high: first, low: second) }

    /// 64 lower-case hex digits.
    public var description: String {
        var digits: [UInt8] = []
        for word in [first, second, third, fourth] { Hex.forEachDigit(of: word) { digits.append($0) } }
        return String(decoding: digits, as: UTF8.self)
    }
}
