/// A keyed 64-bit hash: where in a table to look for something, never whether it is the one.
///
/// The multiply-and-fold of wyhash under four random words. Whoever does not know them cannot make inputs that meet in
/// one place, which is all that is asked of it: what decides is compared by all its bytes, and what has to stay secret
/// is hashed by something stronger.
public struct KeyedHash: Sendable {
    private let first: UInt64
    private let second: UInt64
    private let third: UInt64
    private let fourth: UInt64

    /// Under words from `random`.
    public init(random: inout some RandomNumberGenerator) {
        first = random.next()
        second = random.next()
        third = random.next()
        fourth = random.next()
    }

    /// Under random words that nobody else has.
    public init() {
        var random = SystemRandomNumberGenerator()
        self.init(random: &random)
    }

    /// The hash of `bytes`, all of them and their number.
    public func callAsFunction(_ bytes: Span<UInt8>) -> UInt64 {
        var left = first
        var right = second
        var offset = 0
        while offset &+ 32 <= bytes.count {
            left = Self.fold(Self.word(bytes, offset) ^ left, Self.word(bytes, offset &+ 8) ^ third)
            right = Self.fold(Self.word(bytes, offset &+ 16) ^ right, Self.word(bytes, offset &+ 24) ^ fourth)
            offset &+= 32
        }
        while offset &+ 8 <= bytes.count {
            left = Self.fold(Self.word(bytes, offset) ^ left, third)
            offset &+= 8
        }
        var rest: UInt64 = 0
        while offset < bytes.count {
            rest = rest &<< 8 | UInt64(bytes[offset])
            offset &+= 1
        }
        return Self.fold(left ^ rest ^ third, right ^ UInt64(truncatingIfNeeded: bytes.count) ^ fourth)
    }

    /// Both halves of the product, together.
    @inline(__always)
    private static func fold(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let product = left.multipliedFullWidth(by: right)
        return product.high ^ product.low
    }

    @inline(__always)
    private static func word(_ bytes: Span<UInt8>, _ offset: Int) -> UInt64 {
        UInt64(littleEndian: bytes.bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
}
