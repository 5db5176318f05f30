/// A number modulo n, the order of the curve P-256 (SP 800-186 section 3.2.1.3), always below n.
struct Scalar: Hashable, Sendable {
    static let order = Limbs(
        w0: 0xf3b9_cac2_fc63_2551,
        w1: 0xbce6_faad_a717_9e84,
        w2: 0xffff_ffff_ffff_ffff,
        w3: 0xffff_ffff_0000_0000
    )
    static let zero = Scalar(below: .zero)
    static let one = Scalar(below: .one)
    /// (n − 1) / 2.
    private static let half = order.halved()
    /// 2⁵¹² mod n.
    private static let square = Limbs(
        w0: 0x8324_4c95_be79_eea2,
        w1: 0x4699_799c_49bd_6fa6,
        w2: 0x2845_b239_2b6b_ec59,
        w3: 0x66e1_2d94_f3d9_5620
    )
    /// −1/n mod 2⁶⁴.
    private static let negativeInverse: UInt64 = 0xccd1_c8aa_ee00_bc4f

    let number: Limbs

    @inline(__always)
    private init(below number: Limbs) {
        self.number = number
    }

    /// `nil` for a number that is not below n.
    init?(_ number: Limbs) {
        guard number < Self.order else { return nil }
        self.init(below: number)
    }

    /// The remainder of any number below 2²⁵⁶, which is below 2n.
    init(reducing number: Limbs) {
        let (difference, borrow) = number.subtracting(Self.order)
        self.init(below: borrow == 0 ? difference : number)
    }

    var isZero: Bool { number.isZero }

    /// Whether the number is above n / 2, so that its negative is the smaller one.
    var isLarge: Bool { Self.half < number }

    static func + (left: Scalar, right: Scalar) -> Scalar {
        let (sum, carry) = left.number.adding(right.number)
        return below(sum, carry)
    }

    static prefix func - (scalar: Scalar) -> Scalar {
        scalar.isZero ? scalar : Scalar(below: order.subtracting(scalar.number).difference)
    }

    static func * (left: Scalar, right: Scalar) -> Scalar {
        montgomery(montgomery(left.number, right.number).number, square)
    }

    /// `left * right / 2²⁵⁶ mod n`, for two numbers of which one is below n (P. L. Montgomery, 1985).
    private static func montgomery(_ left: Limbs, _ right: Limbs) -> Scalar {
        var (t, top) = step(left.w0, right, .zero, 0)
        (t, top) = step(left.w1, right, t, top)
        (t, top) = step(left.w2, right, t, top)
        (t, top) = step(left.w3, right, t, top)
        return below(t, top)
    }

    /// Adds `word * right` and the multiple of n that makes the lowest word zero, and moves down by that word.
    @inline(__always)
    private static func step(_ word: UInt64, _ right: Limbs, _ t: Limbs, _ top: UInt64) -> (Limbs, UInt64) {
        var c: UInt64 = 0
        let t0 = Limbs.multiply(word, right.w0, adding: t.w0, &c)
        let t1 = Limbs.multiply(word, right.w1, adding: t.w1, &c)
        let t2 = Limbs.multiply(word, right.w2, adding: t.w2, &c)
        let t3 = Limbs.multiply(word, right.w3, adding: t.w3, &c)
        var above: UInt64 = 0
        let t4 = Limbs.add(top, c, &above)
        let m = t0 &* negativeInverse
        c = 0
        _ = Limbs.multiply(m, order.w0, adding: t0, &c)
        let r0 = Limbs.multiply(m, order.w1, adding: t1, &c)
        let r1 = Limbs.multiply(m, order.w2, adding: t2, &c)
        let r2 = Limbs.multiply(m, order.w3, adding: t3, &c)
        var carry: UInt64 = 0
        let r3 = Limbs.add(t4, c, &carry)
        return (Limbs(w0: r0, w1: r1, w2: r2, w3: r3), above &+ carry)
    }

    /// `carry · 2²⁵⁶ + number`, which is below 2n, brought below n.
    @inline(__always)
    private static func below(_ number: Limbs, _ carry: UInt64) -> Scalar {
        let (difference, borrow) = number.subtracting(order)
        return Scalar(below: borrow > carry ? number : difference)
    }

    /// The inverse; `nil` for zero, which has none.
    var inverted: Scalar? {
        guard !isZero else { return nil }
        let inverse = Scalar(reducing: Reciprocal.inverse(of: number))
        // One multiplication proves what took forty times as long to find.
        return inverse * self == .one ? inverse : nil
    }
}
