/// A whole number below 2²⁵⁶ as four words, the least significant first.
///
/// All arithmetic here wraps: no input can trap.
struct Limbs: Hashable, Sendable {
    var w0: UInt64
    var w1: UInt64
    var w2: UInt64
    var w3: UInt64

    static let zero = Limbs(w0: 0, w1: 0, w2: 0, w3: 0)
    static let one = Limbs(w0: 1, w1: 0, w2: 0, w3: 0)

    @inline(__always)
    init(w0: UInt64, w1: UInt64, w2: UInt64, w3: UInt64) {
        self.w0 = w0
        self.w1 = w1
        self.w2 = w2
        self.w3 = w3
    }

    /// The number that 32 bytes from `offset` spell, the most significant first; `nil` where there are not as many.
    init?(bigEndian bytes: Span<UInt8>, at offset: Int = 0) {
        guard offset >= 0, offset <= bytes.count, bytes.count &- offset >= 32 else { return nil }
        func word(_ index: Int) -> UInt64 {
            let position = offset &+ 8 &* index
            return UInt64(bigEndian: bytes.bytes.unsafeLoadUnaligned(fromByteOffset: position, as: UInt64.self))
        }
        self.init(w0: word(3), w1: word(2), w2: word(1), w3: word(0))
    }

    /// The 32 bytes that spell it, the most significant first.
    var bigEndian: [UInt8] {
        [w3, w2, w1, w0].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word &>> (56 &- 8 &* $0)) } }
    }

    @inline(__always)
    var isZero: Bool { w0 | w1 | w2 | w3 == 0 }

    @inline(__always)
    static func < (left: Limbs, right: Limbs) -> Bool {
        left.subtracting(right).borrow != 0
    }

    /// The sum modulo 2²⁵⁶, and 1 where it was not below that.
    @inline(__always)
    func adding(_ other: Limbs) -> (sum: Limbs, carry: UInt64) {
        var carry: UInt64 = 0
        let s0 = Self.add(w0, other.w0, &carry)
        let s1 = Self.add(w1, other.w1, &carry)
        let s2 = Self.add(w2, other.w2, &carry)
        let s3 = Self.add(w3, other.w3, &carry)
        return (Limbs(w0: s0, w1: s1, w2: s2, w3: s3), carry)
    }

    /// The difference modulo 2²⁵⁶, and 1 where it was below zero.
    @inline(__always)
    func subtracting(_ other: Limbs) -> (difference: Limbs, borrow: UInt64) {
        var borrow: UInt64 = 0
        let d0 = Self.subtract(w0, other.w0, &borrow)
        let d1 = Self.subtract(w1, other.w1, &borrow)
        let d2 = Self.subtract(w2, other.w2, &borrow)
        let d3 = Self.subtract(w3, other.w3, &borrow)
        return (Limbs(w0: d0, w1: d1, w2: d2, w3: d3), borrow)
    }

    /// `left + right + carry`, and the new carry of 0 or 1.
    @inline(__always)
    static func add(_ left: UInt64, _ right: UInt64, _ carry: inout UInt64) -> UInt64 {
        let sum = UInt128(wide: left) &+ UInt128(wide: right) &+ UInt128(wide: carry)
        carry = sum._high
        return sum._low
    }

    /// `left - right - borrow`, and the new borrow of 0 or 1.
    @inline(__always)
    static func subtract(_ left: UInt64, _ right: UInt64, _ borrow: inout UInt64) -> UInt64 {
        let difference = UInt128(wide: left) &- UInt128(wide: right) &- UInt128(wide: borrow)
        borrow = difference._high & 1
        return difference._low
    }

    /// `left * right + addend + carry`, which is below 2¹²⁸ for all words; its upper half is the new carry.
    @inline(__always)
    static func multiply(_ left: UInt64, _ right: UInt64, adding addend: UInt64, _ carry: inout UInt64) -> UInt64 {
        let sum = UInt128(wide: left) &* UInt128(wide: right) &+ UInt128(wide: addend) &+ UInt128(wide: carry)
        carry = sum._high
        return sum._low
    }

    /// Half of the number that this is and `top` the 257th bit of.
    @inline(__always)
    func halved(_ top: UInt64 = 0) -> Limbs {
        Limbs(
            w0: w0 &>> 1 | w1 &<< 63,
            w1: w1 &>> 1 | w2 &<< 63,
            w2: w2 &>> 1 | w3 &<< 63,
            w3: w3 &>> 1 | top &<< 63
        )
    }

    /// The number without its lowest `bits`, which are from 1 to 63.
    @inline(__always)
    func shifted(by bits: UInt64) -> Limbs {
        Limbs(
            w0: w0 &>> bits | w1 &<< (64 &- bits),
            w1: w1 &>> bits | w2 &<< (64 &- bits),
            w2: w2 &>> bits | w3 &<< (64 &- bits),
            w3: w3 &>> bits
        )
    }
}

// The generic conversions would do, but without the optimiser they cost a hundred times as much as the arithmetic, and
// the tests run without it.
extension UInt128 {
    @inline(__always)
    init(wide word: UInt64) {
        self.init(_low: word, _high: 0)
    }
}

extension Int128 {
    @inline(__always)
    init(wide word: Int64) {
        self.init(_low: UInt64(bitPattern: word), _high: word &>> 63)
    }

    /// The lowest 64 bits.
    @inline(__always)
    var word: Int64 { Int64(bitPattern: _low) }
}
