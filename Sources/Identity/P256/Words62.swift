/// A whole number with a sign in words of 62 bits, the least significant first. The last has the sign; all others are
/// from 0 to 2⁶² − 1.
struct Words62 {
    var v0: Int64
    var v1: Int64
    var v2: Int64
    var v3: Int64
    var v4: Int64

    static let mask: Int64 = (1 &<< 62) &- 1
    static let zero = Words62(v0: 0, v1: 0, v2: 0, v3: 0, v4: 0)
    static let one = Words62(v0: 1, v1: 0, v2: 0, v3: 0, v4: 0)
    /// n.
    static let order = Words62(
        v0: 0x33b9_cac2_fc63_2551,
        v1: 0x339b_eab6_9c5e_7a13,
        v2: 0x3fff_ffff_ffff_fffb,
        v3: 0x3fff_ffc0_0000_003f,
        v4: 0xff
    )
    /// 1/n mod 2⁶².
    static let orderInverse: Int64 = 0x332e_3755_11ff_43b1

    @inline(__always)
    init(v0: Int64, v1: Int64, v2: Int64, v3: Int64, v4: Int64) {
        self.v0 = v0
        self.v1 = v1
        self.v2 = v2
        self.v3 = v3
        self.v4 = v4
    }

    init(_ number: Limbs) {
        func word(_ bits: UInt64) -> Int64 { Int64(bitPattern: bits) & Self.mask }
        v0 = word(number.w0)
        v1 = word(number.w0 &>> 62 | number.w1 &<< 2)
        v2 = word(number.w1 &>> 60 | number.w2 &<< 4)
        v3 = word(number.w2 &>> 58 | number.w3 &<< 6)
        v4 = Int64(bitPattern: number.w3 &>> 56)
    }

    @inline(__always)
    var isZero: Bool { v0 | v1 | v2 | v3 | v4 == 0 }
    @inline(__always)
    var isNegative: Bool { v4 < 0 }

    /// This number, which is above −2n and below n, or its negative, as the one from 0 to n − 1 that is congruent to it.
    func reduced(negated: Bool) -> Limbs {
        var number = self
        if number.isNegative { number = number.adding(Self.order, times: 1) }
        if negated { number = Self.zero.adding(number, times: -1) }
        if number.isNegative { number = number.adding(Self.order, times: 1) }
        func word(_ low: Int64, _ drop: UInt64, _ high: Int64, _ shift: UInt64) -> UInt64 {
            UInt64(bitPattern: low) &>> drop | UInt64(bitPattern: high) &<< shift
        }
        return Limbs(
            w0: word(number.v0, 0, number.v1, 62),
            w1: word(number.v1, 2, number.v2, 60),
            w2: word(number.v2, 4, number.v3, 58),
            w3: word(number.v3, 6, number.v4, 56)
        )
    }

    private func adding(_ other: Words62, times factor: Int64) -> Words62 {
        let s0 = v0 &+ other.v0 &* factor
        let s1 = v1 &+ other.v1 &* factor &+ s0 &>> 62
        let s2 = v2 &+ other.v2 &* factor &+ s1 &>> 62
        let s3 = v3 &+ other.v3 &* factor &+ s2 &>> 62
        let s4 = v4 &+ other.v4 &* factor &+ s3 &>> 62
        return Words62(v0: s0 & Self.mask, v1: s1 & Self.mask, v2: s2 & Self.mask, v3: s3 & Self.mask, v4: s4)
    }
}
