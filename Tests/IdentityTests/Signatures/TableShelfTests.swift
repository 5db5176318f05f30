import OstiaryCore
import Testing

@testable import OstiaryIdentity

@Suite struct TableShelfTests {
    let shelf = TableShelf()
    let zero = MonotonicTime(nanoseconds: 0)

    func point(_ number: UInt64) throws -> AffinePoint {
        try #require(AffinePoint.byLibrary(Limbs(number)))
    }

    func note(_ point: AffinePoint, genuine: Bool = true, at seconds: Double = 0) -> Bool {
        shelf.note(point, genuine: genuine, at: zero.advanced(bySeconds: seconds))
    }

    /// Uses a key until it is time for its table, and makes that.
    func earn(_ point: AffinePoint, at seconds: Double = 0) -> Bool {
        for _ in 0..<TableShelf.checks where note(point, at: seconds) { return shelf.build(point) }
        return false
    }

    func has(_ point: AffinePoint, at seconds: Double = 0) -> Bool {
        shelf.tables(for: point, at: zero.advanced(bySeconds: seconds)) != nil
    }

    @Test func aTableIsMadeOnceItPays() throws {
        let point = try point(5)
        for _ in 1..<TableShelf.checks { #expect(!note(point)) }
        #expect(!has(point))
        #expect(note(point))
        // Only one caller makes it.
        #expect(!note(point))
        #expect(!has(point))
        #expect(shelf.build(point))
        #expect(has(point))
        #expect(shelf.tables == 1)
        #expect(!note(point))
        #expect(!has(try self.point(6)))
        shelf.clear()
        #expect(!has(point))
        #expect(shelf.tables == 0)
    }

    @Test func badSignaturesEarnNoPlace() throws {
        let point = try point(5)
        for _ in 0..<1000 { #expect(!note(point, genuine: false)) }
        // With one good one they count: they cost as much.
        #expect(!note(point))
        for _ in 2..<TableShelf.checks { #expect(!note(point, genuine: false)) }
        #expect(note(point, genuine: false))
    }

    @Test func placesAreBoundedAndGivenAwayWhenIdle() throws {
        let points = try (1...10).map { try point($0) }
        for point in points.prefix(8) { #expect(earn(point)) }
        #expect(shelf.tables == 8)
        #expect(!earn(points[8]))
        #expect(shelf.tables == 8)
        // One is used, the others are not.
        #expect(has(points[3], at: 500))
        #expect(!earn(points[8], at: 600))
        #expect(earn(points[8], at: 601))
        #expect(shelf.tables == 8)
        #expect(has(points[3], at: 601))
        #expect(has(points[8], at: 601))
        #expect(!has(points[0], at: 601))
    }

    @Test func aTableWithoutAPlaceIsNotKept() throws {
        let point = try point(5)
        #expect(shelf.build(point))
        #expect(!has(point))
        for _ in 1..<TableShelf.checks { #expect(!note(point)) }
        #expect(note(point))
        shelf.clear()
        #expect(shelf.build(point))
        #expect(shelf.tables == 0)
    }
}
