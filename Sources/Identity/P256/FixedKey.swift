/// Checks ECDSA signatures under one P-256 key by tables of its multiples (FIPS 186-5 section 6.4.2).
///
/// A gate checks under few keys, so u₁·G + u₂·Q is a sum of at most 74 table entries. Key, signature and message are all
/// public, so the time may depend on them: nobody learns anything by it that was not in front of them. Allocates
/// nothing and cannot trap, whatever the signature.
struct FixedKey: Sendable {
    private let generator: PointTable
    private let key: PointTable

    /// - Parameters:
    ///   - generator: the table of the curve's base point.
    ///   - key: the table of the public key.
    init(generator: PointTable, key: PointTable) {
        self.generator = generator
        self.key = key
    }

    /// Whether (r, s) signs a message whose SHA-256 is `digest`. As by the library, both s and n − s will do.
    func verifies(r: Limbs, s: Limbs, digest: Limbs) -> Bool {
        guard let r = Scalar(r), !r.isZero, let inverse = Scalar(s)?.inverted else { return false }
        guard let sum = sum(Scalar(reducing: digest) * inverse, r * inverse), !sum.isInfinity else { return false }
        return Self.isSame(r, sum)
    }

    /// first · G + second · Q; `nil` if a table had no entry for a digit, which cannot be.
    func sum(_ first: Scalar, _ second: Scalar) -> CurvePoint? {
        // All entries are fetched before the first is added: they are far apart in memory, and so the processor waits
        // for them together.
        var terms = InlineArray<74, AffinePoint>(repeating: AffinePoint(x: .zero, y: .zero))
        var count = 0
        var firstDigits = SignedDigits(first)
        var secondDigits = SignedDigits(second)
        for window in 0..<PointTable.windows {
            let first = firstDigits.next()
            if first != 0 {
                guard let point = generator.point(window, first) else { return nil }
                terms[count] = point
                count &+= 1
            }
            let second = secondDigits.next()
            if second != 0 {
                guard let point = key.point(window, second) else { return nil }
                terms[count] = point
                count &+= 1
            }
        }
        var sum = CurvePoint.infinity
        for index in 0..<count { sum = sum + terms[index] }
        return sum
    }

    /// Whether the point's x is r modulo n: it is below p, so it is r itself, or r + n where that is below p. Compared
    /// as r · ZZ = X, which needs no division.
    private static func isSame(_ r: Scalar, _ point: CurvePoint) -> Bool {
        if FieldElement(reducing: r.number) * point.zz == point.x { return true }
        let (second, carry) = r.number.adding(Scalar.order)
        guard carry == 0, let second = FieldElement(second) else { return false }
        return second * point.zz == point.x
    }
}
