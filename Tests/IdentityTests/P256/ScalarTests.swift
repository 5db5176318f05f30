import Testing

@testable import OstiaryIdentity

@Suite struct ScalarTests {
    static let n = Scalar.order

    static let numbers: [Limbs] = {
        var series = Series(3)
        return Limbs.edges.filter { $0 < n } + (0..<20).map { _ in series.limbs() }.filter { $0 < n }
    }()

    @Test func takesNumbersBelowTheOrderOnly() throws {
        for number in Self.numbers { #expect(try #require(Scalar(number)).number == number) }
        for number in Limbs.edges where !(number < Self.n) {
            #expect(Scalar(number) == nil)
            #expect(Scalar(reducing: number).number == number.subtracting(Self.n).difference)
        }
    }

    @Test func calculatesModuloTheOrder() throws {
        var series = Series(4)
        for left in Self.numbers {
            let x = try #require(Scalar(left))
            #expect((x + -x).isZero)
            #expect(x.isLarge == (Self.n.halved() < left))
            for right in Self.numbers.shuffled(using: &series).prefix(6) {
                let y = try #require(Scalar(right))
                #expect((x * y).number == left.times(right, modulo: Self.n))
                #expect(x + y + -y == x)
            }
        }
    }

    @Test func hasAnInverse() throws {
        var series = Series(5)
        let more = (0..<2000).map { _ in series.scalar().number }
        for number in Self.numbers + more {
            let x = try #require(Scalar(number))
            guard !x.isZero else {
                #expect(x.inverted == nil)
                continue
            }
            let inverse = try #require(x.inverted)
            #expect(inverse.number.times(number, modulo: Self.n) == .one)
        }
    }

    @Test func powersOfTwoHaveInversesToo() throws {
        for exponent in 0..<256 {
            for number in [Limbs.power(exponent), Limbs.power(exponent).minus(1), Limbs.power(exponent).plus(1)] {
                guard let x = Scalar(number), !x.isZero else { continue }
                #expect(try #require(x.inverted) * x == .one)
            }
        }
    }

    /// Every number has digits whose sum it is, each within its window's bounds.
    @Test func isTheSumOfItsDigits() throws {
        var series = Series(6)
        let more = (0..<500).map { _ in series.scalar().number }
        for number in Self.numbers + more {
            let x = try #require(Scalar(number))
            var digits = SignedDigits(x)
            let all = (0..<PointTable.windows).map { _ in digits.next() }
            #expect(all.allSatisfy { (-64...64).contains($0) })
            #expect((-8...8).contains(all[PointTable.windows - 1]))
            var sum = Scalar.zero
            for digit in all.reversed() {
                for _ in 0..<PointTable.width { sum = sum + sum }
                let magnitude = Scalar(reducing: Limbs(UInt64(abs(digit))))
                sum = sum + (digit < 0 ? -magnitude : magnitude)
            }
            #expect(sum == x)
            let after = (0..<5).map { _ in digits.next() }
            #expect(after.allSatisfy { $0 == 0 })
        }
    }
}
