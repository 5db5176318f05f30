import Crypto
import Testing

@testable import OstiaryIdentity

// SEC-202
/// Our own check of ES256 against swift-crypto's: the same answer to everything.
@Suite struct FixedKeyTests {
    /// Puts numbers to both, and returns what they agree on.
    func agreed(_ judges: Judges, _ numbers: Judges.Numbers, _ comment: String = "") -> Bool {
        let own = judges.own(numbers)
        #expect(own == judges.librarys(numbers), "\(comment) \(numbers)")
        return own
    }

    @Test func acceptsWhatTheLibrarySigned() throws {
        for _ in 0..<4 {
            let key = P256.Signing.PrivateKey()
            let judges = try #require(Judges(key.publicKey))
            let stranger = try #require(Judges(P256.Signing.PrivateKey().publicKey))
            for number in 0..<25 {
                let message = Array("message \(number)".utf8)
                let raw = Array(try key.signature(for: message).rawRepresentation)
                let signature = try #require(ES256Signature(raw, of: message[...]))
                #expect(signature.isGenuine(by: judges.tables))
                #expect(signature.isGenuine(by: key.publicKey))
                #expect(!signature.isGenuine(by: stranger.tables))
                let other = try #require(ES256Signature(raw, of: Array("message".utf8)[...]))
                #expect(!other.isGenuine(by: judges.tables))
            }
        }
    }

    @Test func agreesAboutEveryMultipleAtTheEdges() throws {
        let judges = try #require(Judges(P256.Signing.PrivateKey().publicKey))
        var series = Series(7)
        for edge in Limbs.edges {
            let edge = Scalar(reducing: edge)
            for (first, second) in [(edge, series.scalar()), (series.scalar(), edge), (edge, edge), (edge, -edge)] {
                guard let numbers = judges.forge(first, second) else { continue }
                #expect(agreed(judges, numbers))
            }
        }
    }

    /// All digits of one multiple alike: each entry of the table is used.
    @Test func agreesAboutEachEntry() throws {
        let judges = try #require(Judges(P256.Signing.PrivateKey().publicKey))
        for digit in 1...64 {
            var number = Scalar.zero
            for _ in 0..<36 {
                for _ in 0..<7 { number = number + number }
                number = number + Scalar(reducing: Limbs(UInt64(digit)))
            }
            for second in [number, -number] {
                let numbers = try #require(judges.forge(number, second))
                #expect(agreed(judges, numbers, "\(digit)"))
            }
        }
    }

    /// Keys that are small multiples of G or of the first entries of windows, so that a sum meets the point it is about
    /// to add, or its opposite.
    @Test func agreesWhereSumsMeetThemselves() throws {
        let n = Scalar.order
        let small: [Limbs] = [1, 2, 3, 4, 64, 128, 129].map { Limbs($0) }
        for number in small + [Limbs.power(63), n.minus(1), n.minus(2), n.minus(64), n.halved()] {
            let judges = try #require(AffinePoint.byLibrary(number).flatMap { Judges($0) })
            let d = try #require(Scalar(number))
            let inverse = try #require(d.inverted)
            for u in [1, 2, 63, 64, 65, 128, 129, 8192].map({ Scalar(reducing: Limbs($0)) }) {
                for first in [u, -u, u * d, -(u * d), u * inverse] {
                    guard let numbers = judges.forge(first, u) else {
                        // R is at infinity: nothing signs, whatever r is said to be.
                        for r in [Limbs.one, Scalar.order.minus(1)] {
                            let s = try #require(Scalar(r)) * (try #require(u.inverted))
                            let numbers = Judges.Numbers(r: r, s: s.number, digest: (first * s).number)
                            #expect(!agreed(judges, numbers))
                        }
                        continue
                    }
                    #expect(agreed(judges, numbers, "\(number) \(u) \(first)"))
                }
            }
        }
    }

    @Test func agreesAboutNumbersThatAreNone() throws {
        let judges = try #require(Judges(P256.Signing.PrivateKey().publicKey))
        let n = Scalar.order
        let odd: [Limbs] = [
            .zero, .one, n.minus(1), n, n.plus(1), FieldElement.modulus, FieldElement.modulus.minus(1),
            FieldElement.modulus.subtracting(n).difference, n.halved(), .largest,
        ]
        var series = Series(10)
        let good = try #require(judges.forge(series.scalar(), series.scalar()))
        #expect(agreed(judges, good))
        for r in odd {
            for s in odd {
                for digest in [Limbs.zero, .one, n, n.minus(1), .largest] {
                    #expect(!agreed(judges, .init(r: r, s: s, digest: digest)))
                }
            }
            #expect(!agreed(judges, .init(r: r, s: good.s, digest: good.digest)))
            #expect(!agreed(judges, .init(r: good.r, s: r, digest: good.digest)))
        }
        // The same numbers modulo n are another spelling, and refused.
        let (rn, carry) = good.r.adding(n)
        if carry == 0 { #expect(!agreed(judges, .init(r: rn, s: good.s, digest: good.digest))) }
        // n − s signs as well as s (jwt-gate section 4); −r does not.
        let negative = n.subtracting(good.s).difference
        #expect(agreed(judges, .init(r: good.r, s: negative, digest: good.digest)))
        #expect(!agreed(judges, .init(r: n.subtracting(good.r).difference, s: good.s, digest: good.digest)))
    }

    /// A digest is taken modulo n, so one of n or more has a twin.
    @Test func agreesAboutEveryDigest() throws {
        var series = Series(9)
        let d = series.scalar()
        let judges = try #require(AffinePoint.byLibrary(d.number).flatMap { Judges($0) })
        for digest in Limbs.edges {
            let nonce = series.scalar()
            let x = try #require(AffinePoint.byLibrary(nonce.number)).x.number
            let r = Scalar(reducing: x)
            let s = (Scalar(reducing: digest) + r * d) * (try #require(nonce.inverted))
            #expect(agreed(judges, .init(r: r.number, s: s.number, digest: digest)))
            let remainder = Scalar(reducing: digest).number
            #expect(agreed(judges, .init(r: r.number, s: s.number, digest: remainder)))
            #expect(!agreed(judges, .init(r: r.number, s: s.number, digest: digest.plus(1))))
        }
    }

    @Test func everyFlippedBitIsSeen() throws {
        let judges = try #require(Judges(P256.Signing.PrivateKey().publicKey))
        var series = Series(8)
        let good = try #require(judges.forge(series.scalar(), series.scalar()))
        #expect(agreed(judges, good))
        func flipped(_ number: Limbs, _ bit: Int) -> Limbs {
            let power = Limbs.power(bit)
            return number.bit(bit) ? number.subtracting(power).difference : number.adding(power).sum
        }
        for bit in 0..<256 {
            var r = good
            r.r = flipped(good.r, bit)
            #expect(!agreed(judges, r))
            var s = good
            s.s = flipped(good.s, bit)
            #expect(!agreed(judges, s))
            var digest = good
            digest.digest = flipped(good.digest, bit)
            #expect(!agreed(judges, digest))
        }
    }

    /// x is between n and p for one point in 2¹²⁸, so r has to be made: a point is chosen by its x, and the key that fits
    /// it worked out, Q = (s·R − e·G) / r.
    @Test func agreesWhereXIsNotBelowTheOrder() throws {
        var found = 0
        var x = Scalar.order
        while found < 6 {
            defer { x = x.plus(1) }
            guard let point = pointWithX(x), let generator = PointTable.generator,
                let table = PointTable(of: point)
            else { continue }
            let r = Scalar(reducing: x)
            guard let inverse = r.inverted else { continue }
            found += 1
            var series = Series(UInt64(found))
            let s = series.scalar()
            let digest = series.scalar()
            let sum = FixedKey(generator: generator, key: table).sum(-(digest * inverse), s * inverse)
            let judges = try #require(sum?.affine.flatMap { Judges($0) })
            let numbers = Judges.Numbers(r: r.number, s: s.number, digest: digest.number)
            #expect(agreed(judges, numbers))
            #expect(!agreed(judges, .init(r: x, s: s.number, digest: digest.number)))
            #expect(!agreed(judges, .init(r: r.number.plus(1), s: s.number, digest: digest.number)))
        }
        // And where r + n would be p or more, there is no second x.
        let judges = try #require(Judges(P256.Signing.PrivateKey().publicKey))
        let edge = FieldElement.modulus.subtracting(Scalar.order).difference
        for r in [edge.minus(1), edge, edge.plus(1)] {
            #expect(!agreed(judges, .init(r: r, s: .one, digest: .one)))
        }
    }

    /// A point of the curve with this x, where there is one: p is 3 modulo 4, so a root is the power (p + 1) / 4.
    func pointWithX(_ number: Limbs) -> AffinePoint? {
        guard let x = FieldElement(number) else { return nil }
        let g = AffinePoint.generator
        let b = g.y.squared - g.x.squared * g.x + g.x.doubled + g.x
        let square = x.squared * x - x.doubled - x + b
        let exponent = FieldElement.modulus.plus(1).halved().halved()
        var root = FieldElement.one
        for bit in (0..<256).reversed() {
            root = root.squared
            if exponent.bit(bit) { root = root * square }
        }
        return AffinePoint(x: number, y: root.number)
    }
}
