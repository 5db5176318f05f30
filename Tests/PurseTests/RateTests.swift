import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryPurse

private func visits(_ count: Int, _ purse: Purse, _ permit: Permit, at time: MonotonicTime) -> Int {
    (0..<count).count { _ in purse.visit(permit, at: time) == nil }
}

@Test func letsTenOfElevenThroughAtOnce() throws {
    let purse = Purse(limits: try Limits())
    #expect(visits(10, purse, permit(), at: at(0)) == 10)
    let error = try #require(purse.visit(permit(), at: at(0)))
    #expect(error.code == .rateLimitExceeded)
    #expect(error.status == 429)
    #expect(error.retry == .after(seconds: 1))
    #expect(error.standing == RateStanding(limit: 60, remaining: 0, reset: 10))
}

@Test func letsOneMoreThroughAfterASecondAndTenAfterTenIdleSeconds() throws {
    let purse = Purse(limits: try Limits())
    #expect(visits(11, purse, permit(), at: at(0)) == 10)
    #expect(visits(1, purse, permit(), at: at(0.999_999)) == 0)
    #expect(visits(2, purse, permit(), at: at(1)) == 1)
    #expect(visits(11, purse, permit(), at: at(11)) == 10)
    #expect(visits(20, purse, permit(), at: at(86_400 * 365)) == 10)
}

@Test func keepsFractions() throws {
    let purse = Purse(limits: try Limits(requestsPerMinute: 7, burst: 2))
    var passed = 0
    // 7 a minute asked for every 100 ms over ten minutes: 70 and the two that the bucket held.
    for step in 0...6_000 where purse.visit(permit(), at: at(Double(step) / 10)) == nil { passed += 1 }
    #expect(passed == 72)
}

@Test func roundsRetryAfterUp() throws {
    let purse = Purse(limits: try Limits(requestsPerMinute: 1, burst: 1))
    _ = purse.visit(permit(), at: at(0))
    #expect(purse.visit(permit(), at: at(0))?.retry == .after(seconds: 60))
    #expect(purse.visit(permit(), at: at(0.5))?.retry == .after(seconds: 60))
    #expect(purse.visit(permit(), at: at(59))?.retry == .after(seconds: 1))
    #expect(purse.visit(permit(), at: at(59.999))?.retry == .after(seconds: 1))
    #expect(purse.visit(permit(), at: at(60)) == nil)
}

@Test func showsTheStandingOfAnAllowedCall() throws {
    let purse = Purse(limits: try Limits())
    let reservation = try purse.reserve(permit(), at: at(0))
    #expect(reservation.standing == RateStanding(limit: 60, remaining: 9, reset: 1))
    reservation.settle()
    let second = try purse.reserve(permit(), at: at(0.25))
    #expect(second.standing == RateStanding(limit: 60, remaining: 8, reset: 2))
    second.settle()
}

@Test func sharesABucketBetweenTwoTokensOfOneUser() throws {
    let purse = Purse(limits: try Limits())
    #expect(visits(5, purse, permit("ada"), at: at(0)) == 5)
    #expect(visits(6, purse, permit("ada"), at: at(0)) == 5)
}

@Test func givesOneSubjectUnderTwoIssuersTwoBuckets() throws {
    let purse = Purse(limits: try Limits())
    #expect(visits(11, purse, permit("ada", issuer: "https://one.example"), at: at(0)) == 10)
    #expect(visits(11, purse, permit("ada", issuer: "https://two.example"), at: at(0)) == 10)
}

@Test func looksAtTheMonotonicClockAlone() throws {
    let clock = ManualClock()
    let purse = Purse(limits: try Limits())
    #expect(visits(11, purse, permit(), at: clock.monotonic) == 10)
    clock.setWall(0)
    #expect(visits(1, purse, permit(), at: clock.monotonic) == 0)
    clock.advance(1)
    clock.setWall(4_000_000_000)
    #expect(visits(2, purse, permit(), at: clock.monotonic) == 1)
}

@Test func countsATimeBeforeTheLastAsNoTime() throws {
    let purse = Purse(limits: try Limits(requestsPerMinute: 60, burst: 1))
    #expect(purse.visit(permit(), at: at(10)) == nil)
    #expect(purse.visit(permit(), at: at(3)) != nil)
    #expect(purse.visit(permit(), at: at(10.9)) != nil)
    #expect(purse.visit(permit(), at: at(11)) == nil)
}

@Test func switchesTheRateOffAtZero() throws {
    let purse = Purse(limits: try Limits(requestsPerMinute: 0, burst: 0))
    #expect(visits(1_000, purse, permit(), at: at(0)) == 1_000)
    let reservation = try purse.reserve(permit(), at: at(0))
    #expect(reservation.standing == nil)
    reservation.settle()
}

@Test func survivesTheLargestLimitsAndTheLongestIdleness() throws {
    let purse = Purse(limits: try Limits(requestsPerMinute: Limits.largest, burst: Limits.largest))
    #expect(purse.visit(permit(), at: MonotonicTime(nanoseconds: .min)) == nil)
    #expect(purse.visit(permit(), at: MonotonicTime(nanoseconds: 0)) == nil)
    #expect(purse.visit(permit(), at: MonotonicTime(nanoseconds: .max)) == nil)
    #expect(purse.visit(permit(), at: MonotonicTime(nanoseconds: .min)) == nil)
}

@Test func refusesLimitsThatMakeNoSense() {
    #expect(throws: LimitFault.outOfRange("requests_per_minute")) { try Limits(requestsPerMinute: -1) }
    #expect(throws: LimitFault.outOfRange("burst")) { try Limits(burst: -1) }
    #expect(throws: LimitFault.outOfRange("concurrent")) { try Limits(concurrent: .max) }
    #expect(throws: LimitFault.rateWithoutBurst) { try Limits(burst: 0) }
}
