/// A point of P-256 other than the one at infinity: `y² = x³ − 3x + b`.
struct AffinePoint: Hashable, Sendable {
    var x: FieldElement
    var y: FieldElement

    /// SP 800-186 section 3.2.1.3.
    private static let b = FieldElement(
        reducing: Limbs(
            w0: 0x3bce_3c3e_27d2_604b,
            w1: 0x651d_06b0_cc53_b0f6,
            w2: 0xb3eb_bd55_7698_86bc,
            w3: 0x5ac6_35d8_aa3a_93e7
        )
    )

    /// The base point G (SP 800-186 section 3.2.1.3).
    static let generator = AffinePoint(
        x: FieldElement(
            reducing: Limbs(
                w0: 0xf4a1_3945_d898_c296,
                w1: 0x7703_7d81_2deb_33a0,
                w2: 0xf8bc_e6e5_63a4_40f2,
                w3: 0x6b17_d1f2_e12c_4247
            )
        ),
        y: FieldElement(
            reducing: Limbs(
                w0: 0xcbb6_4068_37bf_51f5,
                w1: 0x2bce_3357_6b31_5ece,
                w2: 0x8ee7_eb4a_7c0f_9e16,
                w3: 0x4fe3_42e2_fe1a_7f9b
            )
        )
    )

    @inline(__always)
    init(x: FieldElement, y: FieldElement) {
        self.x = x
        self.y = y
    }

    /// `nil` for coordinates that are not below p, or of no point of the curve.
    init?(x: Limbs, y: Limbs) {
        guard let x = FieldElement(x), let y = FieldElement(y) else { return nil }
        self.init(x: x, y: y)
        guard isOnCurve else { return nil }
    }

    var isOnCurve: Bool {
        y.squared == x.squared * x - x.doubled - x + Self.b
    }

    @inline(__always)
    static prefix func - (point: AffinePoint) -> AffinePoint {
        AffinePoint(x: point.x, y: -point.y)
    }
}

/// A point of P-256 as (X / ZZ, Y / ZZZ) with ZZ³ = ZZZ²; both are zero for the point at infinity and for it alone.
///
/// Of all forms that need no division this one makes sums with affine points cheapest: ten multiplications. The sums are
/// complete: two equal points, two opposite ones and infinity give what they must. Formulas: madd-2008-s and
/// dbl-2008-s-1 of the Explicit-Formulas Database (Sutherland, 2008), for a = −3.
struct CurvePoint: Sendable {
    var x: FieldElement
    var y: FieldElement
    var zz: FieldElement
    var zzz: FieldElement

    static let infinity = CurvePoint(x: .one, y: .one, zz: .zero, zzz: .zero)

    @inline(__always)
    init(x: FieldElement, y: FieldElement, zz: FieldElement, zzz: FieldElement) {
        self.x = x
        self.y = y
        self.zz = zz
        self.zzz = zzz
    }

    @inline(__always)
    init(_ point: AffinePoint) {
        self.init(x: point.x, y: point.y, zz: .one, zzz: .one)
    }

    @inline(__always)
    var isInfinity: Bool { zz.isZero }

    static func + (left: CurvePoint, right: AffinePoint) -> CurvePoint {
        guard !left.isInfinity else { return CurvePoint(right) }
        let p = right.x * left.zz - left.x
        let r = right.y * left.zzz - left.y
        if p.isZero {
            // The same x: the same point, or the opposite one.
            return r.isZero ? left.doubled : .infinity
        }
        let pp = p.squared
        let ppp = p * pp
        let q = left.x * pp
        let x = r.squared - ppp - q.doubled
        let y = r * (q - x) - left.y * ppp
        return CurvePoint(x: x, y: y, zz: left.zz * pp, zzz: left.zzz * ppp)
    }

    /// Infinity stays what it is: its ZZ of zero gives another one. No point of the curve has a y of zero.
    var doubled: CurvePoint {
        let u = y.doubled
        let v = u.squared
        let w = u * v
        let s = x * v
        let difference = (x - zz) * (x + zz)
        let m = difference.doubled + difference
        let x3 = m.squared - s.doubled
        return CurvePoint(x: x3, y: m * (s - x3) - w * y, zz: v * zz, zzz: w * zzz)
    }

    /// `nil` for the point at infinity.
    var affine: AffinePoint? {
        Self.affine([self])?.first
    }

    /// The points in their affine form, by one inversion for all of them (P. L. Montgomery, 1987); `nil` when one of
    /// them is at infinity.
    static func affine(_ points: [CurvePoint]) -> [AffinePoint]? {
        var products: [FieldElement] = []
        products.reserveCapacity(points.count)
        var product = FieldElement.one
        for point in points {
            guard !point.isInfinity else { return nil }
            products.append(product)
            product = product * point.zzz
        }
        var inverse = product.inverted
        var affine: [AffinePoint] = []
        affine.reserveCapacity(points.count)
        for (point, product) in zip(points, products).reversed() {
            // 1/ZZZ, and 1/ZZ = ZZ² / ZZZ², as ZZ³ is ZZZ².
            let cube = inverse * product
            inverse = inverse * point.zzz
            let square = (cube * point.zz).squared
            affine.append(AffinePoint(x: point.x * square, y: point.y * cube))
        }
        return affine.reversed()
    }
}
