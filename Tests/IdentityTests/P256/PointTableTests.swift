import Testing

@testable import OstiaryIdentity

@Suite struct PointTableTests {
    @Test func hasEachMultiple() throws {
        let table = try #require(PointTable(of: .generator))
        for window in stride(from: 0, to: PointTable.windows, by: 3) {
            for digit in [1, 2, 7, 8, 63, 64] where digit <= PointTable.entries(of: window) {
                var number = Scalar(reducing: Limbs(UInt64(digit)))
                for _ in 0..<window * PointTable.width { number = number + number }
                let point = try #require(AffinePoint.byLibrary(number.number))
                #expect(table.point(window, digit) == point)
                #expect(table.point(window, -digit) == -point)
            }
        }
    }

    @Test func hasNothingElse() throws {
        let table = try #require(PointTable(of: .generator))
        let missing = [
            (0, 0), (0, 65), (0, -65), (0, .max), (0, .min), (-1, 1), (37, 1), (.max, 1), (.min, 1), (36, 9), (36, -9),
        ]
        for (window, digit) in missing { #expect(table.point(window, digit) == nil, "\(window) \(digit)") }
        #expect(table.point(36, 8) != nil)
        #expect(PointTable.byteCount == 147_968)
        #expect(MemoryLayout<AffinePoint>.stride == 64)
    }

    @Test func isUsedOnlyIfTheLibraryAgreesWithEveryEntry() throws {
        let point = try #require(AffinePoint.byLibrary(Limbs(123_456_789)))
        let table = try #require(PointTable.checked(point))
        #expect(TableCheck.passes(of: point, table.point))
        #expect(!TableCheck.passes(of: -point, table.point))
        #expect(!TableCheck.passes(of: .generator, table.point))
        #expect(PointTable.generator != nil)
        // One wrong entry, wherever it is and whatever is wrong.
        for (window, digit) in [(0, 1), (0, 64), (17, 33), (36, 8), (35, 64)] {
            for wrong in [.generator, table.point(window, -digit), nil] {
                let passes = TableCheck.passes(of: point) { $0 == window && $1 == digit ? wrong : table.point($0, $1) }
                #expect(!passes, "\(window) \(digit)")
            }
        }
        let bent = AffinePoint(x: point.x, y: point.y + .one)
        #expect(!TableCheck.passes(of: bent) { _, _ in bent })
    }
}
