import Testing

@testable import OstiaryIdentity

@Suite struct CurvePointTests {
    let generator = AffinePoint.generator

    @Test func theBasePointIsTheLibrarys() {
        #expect(AffinePoint.byLibrary(.one) == generator)
        #expect(generator.isOnCurve)
    }

    @Test func takesPointsOfTheCurveOnly() throws {
        let x = generator.x.number
        let y = generator.y.number
        #expect(AffinePoint(x: x, y: y) == generator)
        #expect(AffinePoint(x: x, y: (-generator.y).number) == -generator)
        #expect(AffinePoint(x: y, y: x) == nil)
        #expect(AffinePoint(x: x.plus(1), y: y) == nil)
        #expect(AffinePoint(x: .zero, y: .zero) == nil)
        // The same numbers modulo p are another spelling, and refused.
        #expect(AffinePoint(x: x, y: .largest) == nil)
        let small = try #require(FieldElement(Limbs(5)))
        let square = small.squared * small - small.doubled - small
        #expect(square.number != .zero)
        for number in [FieldElement.modulus, FieldElement.modulus.plus(1), .largest] {
            #expect(AffinePoint(x: number, y: y) == nil)
        }
    }

    @Test func countsAsTheLibraryDoes() throws {
        var sum = CurvePoint.infinity
        for number in 1...40 {
            sum = sum + generator
            #expect(sum.affine == AffinePoint.byLibrary(Limbs(UInt64(number))))
        }
        var power = CurvePoint(generator)
        for exponent in 0..<256 {
            if exponent % 8 == 0 || exponent > 250 {
                let number = Scalar(reducing: .power(exponent)).number
                #expect(power.affine == AffinePoint.byLibrary(number), "\(exponent)")
            }
            power = power.doubled
        }
    }

    @Test func sumsOfSpecialPointsAreWhatTheyMustBe() throws {
        let two = try #require(AffinePoint.byLibrary(Limbs(2)))
        // Each with a denominator of its own, so that equality is not that of the bits.
        let points = [CurvePoint(generator), CurvePoint(two) + -generator, CurvePoint(generator).doubled + -generator]
        for point in points {
            #expect(point.affine == generator)
            #expect((point + generator).affine == two)
            #expect(point.doubled.affine == two)
            let nothing = point + -generator
            #expect(nothing.isInfinity)
            #expect(nothing.affine == nil)
            #expect(nothing.doubled.isInfinity)
            #expect((nothing + two).affine == two)
        }
        #expect((CurvePoint.infinity + generator).affine == generator)
    }

    @Test func manyPointsAreDividedAtOnce() throws {
        var points = [CurvePoint(generator)]
        for _ in 0..<10 { points.append(points[points.count - 1].doubled + generator) }
        let affine = try #require(CurvePoint.affine(points))
        #expect(affine == points.compactMap(\.affine))
        #expect(affine.allSatisfy { $0.isOnCurve })
        #expect(CurvePoint.affine(points + [.infinity]) == nil)
        #expect(CurvePoint.affine([]) == [])
    }
}
