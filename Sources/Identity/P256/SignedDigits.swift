/// A multiple of a point in digits for the windows of a `PointTable`, the least significant first: from −63 to 64 each,
/// and the last from 0 to 8.
struct SignedDigits {
    private var rest: Limbs
    private var carry = 0
    private let isNegative: Bool

    /// The digits of `scalar`; of its negative with all signs turned where that is the smaller number, as then there
    /// are 255 bits and the last digit has room for the carry.
    init(_ scalar: Scalar) {
        isNegative = scalar.isLarge
        rest = scalar.isLarge ? (-scalar).number : scalar.number
    }

    /// The next digit; 0 when all are out.
    @inline(__always)
    mutating func next() -> Int {
        var digit = Int(truncatingIfNeeded: rest.w0 & 0x7f) &+ carry
        carry = 0
        if digit > PointTable.multiples {
            digit = digit &- 2 &* PointTable.multiples
            carry = 1
        }
        rest = rest.shifted(by: UInt64(PointTable.width))
        return isNegative ? 0 &- digit : digit
    }
}
