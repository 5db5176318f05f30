import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryPurse

/// A pseudonym in shard 0.
private func name(_ number: Int) -> Pseudonym {
    Pseudonym(high: UInt64(number) &* 0x9e37_79b9_7f4a_7c15, low: UInt64(number) << 6)
}

// SEC-701
@Test func neverKnowsMoreThanAHundredThousandCallers() throws {
    let purse = Purse(limits: try Limits())
    var random = SystemRandomNumberGenerator()
    for _ in 0..<150_000 {
        _ = purse.visit(Permit.sample(Pseudonym(high: random.next(), low: random.next())), at: at(0))
    }
    let entries = try #require(purse.instruments.value("gw_ratelimit_entries"))
    #expect(entries <= 100_000)
    #expect(entries > 95_000)
}

// SEC-701
@Test func makesNewcomersShareOneBucketWhenAllAreActive() throws {
    let purse = Purse(limits: try Limits())
    for number in 0..<BucketShard.limit { #expect(purse.visit(Permit.sample(name(number)), at: at(0)) == nil) }
    let passed = (0..<100).count { purse.visit(Permit.sample(name(BucketShard.limit + $0)), at: at(0)) == nil }
    #expect(passed == 10)
    #expect(purse.instruments.value("gw_ratelimit_overflow_total") == 100)
    // The known keep their own.
    #expect(purse.visit(Permit.sample(name(3)), at: at(0)) == nil)
}

@Test func sweepsFullBucketsForNewcomers() throws {
    let purse = Purse(limits: try Limits())
    for number in 0..<BucketShard.limit { _ = purse.visit(Permit.sample(name(number)), at: at(0)) }
    // After a second each has its request back: full, idle, and no different from a newcomer's.
    #expect(purse.visit(Permit.sample(name(9_999)), at: at(2)) == nil)
    #expect(purse.instruments.value("gw_ratelimit_overflow_total") == 0)
    #expect(purse.instruments.value("gw_ratelimit_entries") == 1)
}

@Test func keepsBucketsWithRequestsInFlightThroughASweep() throws {
    let purse = Purse(limits: try Limits(concurrent: 1))
    let held = try purse.reserve(Permit.sample(name(1)), at: at(0))
    for number in 2...BucketShard.limit { _ = purse.visit(Permit.sample(name(number)), at: at(0)) }
    _ = purse.visit(Permit.sample(name(9_999)), at: at(100))
    #expect(purse.instruments.value("gw_ratelimit_entries") == 2)
    #expect(purse.visit(Permit.sample(name(1)), at: at(100))?.code == .concurrencyLimitExceeded)
    held.settle()
    #expect(purse.visit(Permit.sample(name(1)), at: at(100)) == nil)
}

@Test func givesAnOverflowSlotBackToTheOverflow() throws {
    let purse = Purse(limits: try Limits(burst: 50, concurrent: 1))
    for number in 0..<BucketShard.limit { _ = purse.visit(Permit.sample(name(number)), at: at(0)) }
    let first = try purse.reserve(Permit.sample(name(5_000)), at: at(0))
    #expect(purse.visit(Permit.sample(name(5_001)), at: at(0))?.code == .concurrencyLimitExceeded)
    first.settle()
    #expect(purse.visit(Permit.sample(name(5_001)), at: at(0)) == nil)
    #expect(purse.inFlight == 0)
}

@Test func findsEveryCallerAgainAfterGrowing() throws {
    let purse = Purse(limits: try Limits(requestsPerMinute: 1, burst: 1))
    for number in 0..<1_000 { #expect(purse.visit(Permit.sample(name(number)), at: at(0)) == nil) }
    for number in 0..<1_000 { #expect(purse.visit(Permit.sample(name(number)), at: at(0)) != nil) }
}
