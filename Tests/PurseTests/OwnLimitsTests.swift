import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryPurse

@Suite struct OwnLimitsTests {
    private func permit(_ subject: String, _ limits: Narrowing.Limits) -> Permit {
        .sample(
            Pseudonym(issuer: "key", subject: subject, key: hashKey),
            narrowing: Narrowing(rule: "key \(subject)", limits: limits)
        )
    }

    @Test func `a caller's own rate counts in place of the general one`() throws {
        let purse = Purse(limits: try Limits(requestsPerMinute: 60, burst: 10, concurrent: 20))
        let slow = permit("slow", Narrowing.Limits(requestsPerMinute: 6, burst: 1))
        #expect(purse.visit(slow, at: at(0)) == nil)
        let refused = try #require(purse.visit(slow, at: at(1)))
        #expect(refused.code == .rateLimitExceeded && refused.retry == .after(seconds: 9))
        #expect(refused.standing?.limit == 6)
        #expect(purse.visit(slow, at: at(10)) == nil)
        // What is not its own is as for everybody.
        let slots = permit("slots", Narrowing.Limits(concurrent: 1))
        for _ in 0..<10 { #expect(purse.visit(slots, at: at(0)) == nil) }
        #expect(purse.visit(slots, at: at(0))?.code == .rateLimitExceeded)
    }

    @Test func `slots come back on every path, and are counted where they were taken`() throws {
        let purse = Purse(limits: try Limits(requestsPerMinute: 0, burst: 0, concurrent: 0))
        let one = permit("one", Narrowing.Limits(concurrent: 1))
        let held = try purse.reserve(one, at: at(0))
        #expect(purse.inFlight == 1)
        #expect(purse.visit(one, at: at(0))?.code == .concurrencyLimitExceeded)
        held.settle()
        #expect(purse.inFlight == 0)
        do { _ = try purse.reserve(one, at: at(0)) }
        #expect(purse.inFlight == 0)
        #expect(purse.instruments.value("gw_reservations_forgotten_total") == 1)
    }

    @Test func `limits that change take effect on what flows from then on`() throws {
        let purse = Purse(limits: try Limits())
        #expect(purse.visit(permit("x", Narrowing.Limits(requestsPerMinute: 60, burst: 1)), at: at(0)) == nil)
        let slower = permit("x", Narrowing.Limits(requestsPerMinute: 1, burst: 1))
        #expect(purse.visit(slower, at: at(0.5))?.code == .rateLimitExceeded)
        #expect(purse.visit(slower, at: at(30.5)) == nil)
    }

    @Test func `more callers than there is room for share a bucket, and nobody's is forgotten while it counts`() throws
    {
        let own = OwnLimits(forgotten: Counter())
        let rate = Rate(perMinute: 1, burst: 1)
        func take(_ number: UInt64, _ second: Double) -> Bool {
            let verdict = own.take(Pseudonym(high: number, low: 16), rate: rate, concurrent: 0, at: at(second))
            if case .allowed = verdict { return true } else { return false }
        }
        for number in 1...UInt64(OwnLimits.partLimit) { #expect(take(number, 0)) }
        #expect(take(5_000, 0), "the shared bucket is full at first")
        #expect(!take(5_001, 0), "and empty for the next")
        for number in 1...UInt64(OwnLimits.partLimit) { own.settle(Pseudonym(high: number, low: 16)) }
        #expect(!take(1, 1))
        #expect(take(5_002, 120), "idle and full ones make room")
        #expect(own.figures.entries < OwnLimits.partLimit)
    }
}
