import Testing

@testable import OstiaryIdentity

@Suite struct FieldElementTests {
    static let p = FieldElement.modulus

    /// Numbers below p: the edges, and some of each size.
    static let numbers: [Limbs] = {
        var series = Series(1)
        return Limbs.edges.filter { $0 < p } + (0..<20).map { _ in series.limbs() }.filter { $0 < p }
    }()

    @Test func isTheNumberItWasMadeOf() throws {
        for number in Self.numbers { #expect(try #require(FieldElement(number)).number == number) }
        for number in Limbs.edges where !(number < Self.p) {
            #expect(FieldElement(number) == nil)
            #expect(FieldElement(reducing: number).number == number.subtracting(Self.p).difference)
        }
        #expect(FieldElement.one.number == .one)
        #expect(FieldElement.zero.number == .zero)
    }

    @Test func calculatesModuloP() throws {
        for left in Self.numbers {
            let x = try #require(FieldElement(left))
            #expect(x.squared.number == left.times(left, modulo: Self.p))
            #expect(x.squared == x * x)
            #expect((-x + x).isZero)
            #expect((x - x).isZero)
            #expect(x.doubled == x + x)
            for right in Self.numbers {
                let y = try #require(FieldElement(right))
                #expect(x + y - y == x)
                #expect(x - y + y == x)
                #expect((x - y).number == (-(y - x)).number)
            }
        }
    }

    @Test func multipliesAsOnPaper() throws {
        var series = Series(2)
        for left in Self.numbers {
            let x = try #require(FieldElement(left))
            for right in Self.numbers.shuffled(using: &series).prefix(6) {
                let y = try #require(FieldElement(right))
                #expect((x * y).number == left.times(right, modulo: Self.p))
            }
        }
    }

    @Test func hasAnInverse() throws {
        for number in Self.numbers.prefix(20) {
            let x = try #require(FieldElement(number))
            #expect(x * x.inverted == (x.isZero ? .zero : .one))
        }
    }

    /// The products here are those at which the carries of the reduction are longest.
    @Test func reducesTheLargestProducts() throws {
        let largest = try #require(FieldElement(Self.p.minus(1)))
        #expect((largest * largest).number == .one)
        #expect((largest * largest * largest).number == Self.p.minus(1))
        #expect((largest + largest).number == Self.p.minus(2))
    }
}
