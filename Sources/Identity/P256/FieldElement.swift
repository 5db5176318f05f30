/// A number modulo p = 2²⁵⁶ − 2²²⁴ + 2¹⁹² + 2⁹⁶ − 1, the prime of the curve P-256 (SP 800-186 section 3.2.1.3), kept as
/// `x · 2²⁵⁶ mod p` (Montgomery's form) and always below p.
struct FieldElement: Hashable, Sendable {
    static let modulus = Limbs(
        w0: 0xffff_ffff_ffff_ffff,
        w1: 0x0000_0000_ffff_ffff,
        w2: 0x0000_0000_0000_0000,
        w3: 0xffff_ffff_0000_0001
    )
    static let zero = FieldElement(form: .zero)
    /// 2²⁵⁶ mod p.
    static let one = FieldElement(
        form: Limbs(
            w0: 0x0000_0000_0000_0001,
            w1: 0xffff_ffff_0000_0000,
            w2: 0xffff_ffff_ffff_ffff,
            w3: 0x0000_0000_ffff_fffe
        )
    )
    /// 2⁵¹² mod p: its product with a number is that number's form.
    private static let square = FieldElement(
        form: Limbs(
            w0: 0x0000_0000_0000_0003,
            w1: 0xffff_fffb_ffff_ffff,
            w2: 0xffff_ffff_ffff_fffe,
            w3: 0x0000_0004_ffff_fffd
        )
    )

    /// `x · 2²⁵⁶ mod p`.
    private let form: Limbs

    @inline(__always)
    private init(form: Limbs) {
        self.form = form
    }

    /// `nil` for a number that is not below p.
    init?(_ number: Limbs) {
        guard number < Self.modulus else { return nil }
        self = FieldElement(form: number) * Self.square
    }

    /// The remainder of any number below 2²⁵⁶, which is below 2p.
    init(reducing number: Limbs) {
        self = Self.below(number, 0) * Self.square
    }

    /// The number itself.
    var number: Limbs {
        (self * FieldElement(form: .one)).form
    }

    @inline(__always)
    var isZero: Bool { form.isZero }

    @inline(__always)
    static func + (left: FieldElement, right: FieldElement) -> FieldElement {
        let (sum, carry) = left.form.adding(right.form)
        return below(sum, carry)
    }

    @inline(__always)
    static func - (left: FieldElement, right: FieldElement) -> FieldElement {
        let (difference, borrow) = left.form.subtracting(right.form)
        // All ones where p has to be added.
        let mask = 0 &- borrow
        let p = Limbs(w0: mask, w1: modulus.w1 & mask, w2: 0, w3: modulus.w3 & mask)
        return FieldElement(form: difference.adding(p).sum)
    }

    @inline(__always)
    static prefix func - (element: FieldElement) -> FieldElement {
        zero - element
    }

    @inline(__always)
    var doubled: FieldElement { self + self }

    // Not inlined, as ten copies of this would crowd a sum of points out of the instruction cache.
    @inline(never)
    static func * (left: FieldElement, right: FieldElement) -> FieldElement {
        let x = left.form
        let y = right.form
        var c: UInt64 = 0
        let t0 = Limbs.multiply(x.w0, y.w0, adding: 0, &c)
        var t1 = Limbs.multiply(x.w0, y.w1, adding: 0, &c)
        var t2 = Limbs.multiply(x.w0, y.w2, adding: 0, &c)
        var t3 = Limbs.multiply(x.w0, y.w3, adding: 0, &c)
        var t4 = c
        c = 0
        t1 = Limbs.multiply(x.w1, y.w0, adding: t1, &c)
        t2 = Limbs.multiply(x.w1, y.w1, adding: t2, &c)
        t3 = Limbs.multiply(x.w1, y.w2, adding: t3, &c)
        t4 = Limbs.multiply(x.w1, y.w3, adding: t4, &c)
        var t5 = c
        c = 0
        t2 = Limbs.multiply(x.w2, y.w0, adding: t2, &c)
        t3 = Limbs.multiply(x.w2, y.w1, adding: t3, &c)
        t4 = Limbs.multiply(x.w2, y.w2, adding: t4, &c)
        t5 = Limbs.multiply(x.w2, y.w3, adding: t5, &c)
        var t6 = c
        c = 0
        t3 = Limbs.multiply(x.w3, y.w0, adding: t3, &c)
        t4 = Limbs.multiply(x.w3, y.w1, adding: t4, &c)
        t5 = Limbs.multiply(x.w3, y.w2, adding: t5, &c)
        t6 = Limbs.multiply(x.w3, y.w3, adding: t6, &c)
        return reduced(Limbs(w0: t0, w1: t1, w2: t2, w3: t3), Limbs(w0: t4, w1: t5, w2: t6, w3: c))
    }

    /// The square, by ten multiplications of words instead of sixteen.
    @inline(never)
    var squared: FieldElement {
        let x = form
        var c: UInt64 = 0
        var t1 = Limbs.multiply(x.w0, x.w1, adding: 0, &c)
        var t2 = Limbs.multiply(x.w0, x.w2, adding: 0, &c)
        var t3 = Limbs.multiply(x.w0, x.w3, adding: 0, &c)
        var t4 = c
        c = 0
        t3 = Limbs.multiply(x.w1, x.w2, adding: t3, &c)
        t4 = Limbs.multiply(x.w1, x.w3, adding: t4, &c)
        var t5 = c
        c = 0
        t5 = Limbs.multiply(x.w2, x.w3, adding: t5, &c)
        var t6 = c
        // Each of these products occurs twice.
        var t7 = t6 &>> 63
        t6 = t6 &<< 1 | t5 &>> 63
        t5 = t5 &<< 1 | t4 &>> 63
        t4 = t4 &<< 1 | t3 &>> 63
        t3 = t3 &<< 1 | t2 &>> 63
        t2 = t2 &<< 1 | t1 &>> 63
        t1 = t1 &<< 1
        let s0 = x.w0.multipliedFullWidth(by: x.w0)
        let s1 = x.w1.multipliedFullWidth(by: x.w1)
        let s2 = x.w2.multipliedFullWidth(by: x.w2)
        let s3 = x.w3.multipliedFullWidth(by: x.w3)
        c = 0
        t1 = Limbs.add(t1, s0.high, &c)
        t2 = Limbs.add(t2, s1.low, &c)
        t3 = Limbs.add(t3, s1.high, &c)
        t4 = Limbs.add(t4, s2.low, &c)
        t5 = Limbs.add(t5, s2.high, &c)
        t6 = Limbs.add(t6, s3.low, &c)
        t7 = Limbs.add(t7, s3.high, &c)
        return Self.reduced(Limbs(w0: s0.low, w1: t1, w2: t2, w3: t3), Limbs(w0: t4, w1: t5, w2: t6, w3: t7))
    }

    /// `(high · 2²⁵⁶ + low) / 2²⁵⁶ mod p` for a product of two numbers below p.
    ///
    /// Four times the multiple m·p is added that makes the lowest word zero, and the number moves down by that word. As
    /// p is −1 modulo 2⁶⁴, m is that word itself. What m·p adds to the words above is m·2³², from the second word on, and
    /// m·(2⁶⁴ − 2³² + 1), from the fourth on.
    @inline(__always)
    private static func reduced(_ low: Limbs, _ high: Limbs) -> FieldElement {
        var r = low
        for _ in 0..<4 {
            let m = r.w0
            let lower = m &<< 32
            let upper = m &>> 32
            var borrow: UInt64 = 0
            let third = Limbs.subtract(m, lower, &borrow)
            let fourth = Limbs.subtract(m, upper, &borrow)
            var carry: UInt64 = 0
            r.w0 = Limbs.add(r.w1, lower, &carry)
            r.w1 = Limbs.add(r.w2, upper, &carry)
            r.w2 = Limbs.add(r.w3, third, &carry)
            // No carry is lost: (2²⁵⁶ − 1 + (2⁶⁴ − 1) · p) / 2⁶⁴ is below 2²⁵⁶.
            r.w3 = fourth &+ carry
        }
        let (sum, carry) = r.adding(high)
        return below(sum, carry)
    }

    /// `carry · 2²⁵⁶ + number`, which is below 2p, brought below p.
    @inline(__always)
    private static func below(_ number: Limbs, _ carry: UInt64) -> FieldElement {
        let (difference, borrow) = number.subtracting(modulus)
        // It was below p if taking p away borrowed more than there was.
        let keeps = borrow > carry
        return FieldElement(
            form: Limbs(
                w0: keeps ? number.w0 : difference.w0,
                w1: keeps ? number.w1 : difference.w1,
                w2: keeps ? number.w2 : difference.w2,
                w3: keeps ? number.w3 : difference.w3
            )
        )
    }

    /// The inverse, by Fermat's theorem: the power p − 2. Zero gives zero.
    var inverted: FieldElement {
        let exponent = Self.modulus.subtracting(Limbs(w0: 2, w1: 0, w2: 0, w3: 0)).difference
        var power = Self.one
        for word in [exponent.w3, exponent.w2, exponent.w1, exponent.w0] {
            for bit in 0..<64 {
                power = power.squared
                if word &>> (63 &- bit) & 1 == 1 { power = power * self }
            }
        }
        return power
    }
}
