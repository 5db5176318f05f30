import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryPurse

/// The purse after a reload: other limits on the same buckets.
@Suite struct ChangeTests {
    private func passes(_ purse: Purse, _ count: Int, at time: MonotonicTime) -> Int {
        (0..<count).count { _ in purse.visit(permit(), at: time) == nil }
    }

    @Test func fillsNobodysBucket() throws {
        let first = Purse(limits: try Limits(requestsPerMinute: 60, burst: 10))
        #expect(passes(first, 11, at: at(0)) == 10)
        let second = Purse.succeeding(first, try Limits(requestsPerMinute: 60, burst: 10), at: at(0))
        #expect(passes(second, 1, at: at(0)) == 0)
        let larger = Purse.succeeding(second, try Limits(requestsPerMinute: 60, burst: 100), at: at(0))
        #expect(passes(larger, 1, at: at(0)) == 0)
        #expect(passes(larger, 5, at: at(3)) == 3)
    }

    @Test func appliesAFasterRateFromNowOnOnly() throws {
        let slow = Purse(limits: try Limits(requestsPerMinute: 1, burst: 10))
        #expect(passes(slow, 10, at: at(0)) == 10)
        // A minute at the old rate brought one; at the new one it would have brought ten.
        let fast = Purse.succeeding(slow, try Limits(requestsPerMinute: 6_000, burst: 10), at: at(60))
        #expect(passes(fast, 10, at: at(60)) == 1)
        #expect(passes(fast, 20, at: at(61)) == 10)
    }

    @Test func takesASmallerBucketAtOnce() throws {
        let large = Purse(limits: try Limits(requestsPerMinute: 60, burst: 100))
        #expect(passes(large, 1, at: at(0)) == 1)
        let small = Purse.succeeding(large, try Limits(requestsPerMinute: 60, burst: 5), at: at(0))
        #expect(passes(small, 20, at: at(0)) == 5)
    }

    @Test func aRateThatIsSwitchedOnBeginsWithFullBuckets() throws {
        let free = Purse(limits: try Limits(requestsPerMinute: 0, burst: 0))
        #expect(passes(free, 50, at: at(0)) == 50)
        let bound = Purse.succeeding(free, try Limits(requestsPerMinute: 60, burst: 3), at: at(5))
        #expect(passes(bound, 10, at: at(5)) == 3)
        #expect(passes(bound, 10, at: at(6)) == 1)
        let again = Purse.succeeding(bound, try Limits(requestsPerMinute: 0, burst: 0), at: at(6))
        #expect(passes(again, 50, at: at(6)) == 50)
    }

    @Test func aStragglerOfTheOldRateCannotOverfillABucket() throws {
        let large = Purse(limits: try Limits(requestsPerMinute: 6_000, burst: 100))
        #expect(passes(large, 50, at: at(0)) == 50)
        let small = Purse.succeeding(large, try Limits(requestsPerMinute: 60, burst: 2), at: at(0))
        // A request that began before the reload may still ask the old purse.
        #expect(passes(large, 1, at: at(30)) == 1)
        #expect(passes(small, 10, at: at(30)) == 2)
    }

    @Test func changesNothingBeforeItTakesOver() throws {
        let large = Purse(limits: try Limits(requestsPerMinute: 60, burst: 100))
        #expect(passes(large, 10, at: at(0)) == 10)
        let small = Purse(limits: try Limits(requestsPerMinute: 1, burst: 5), keeping: large)
        #expect(passes(large, 100, at: at(0)) == 90)
        #expect(passes(large, 10, at: at(10)) == 10)
        small.takeOver(at: at(10))
        #expect(passes(small, 1, at: at(10)) == 0)
        // Said twice it would fill nothing and take nothing either.
        small.takeOver(at: at(70))
        #expect(passes(small, 5, at: at(70)) == 1)
    }

    @Test func keepsWhatIsInFlight() throws {
        let first = Purse(limits: try Limits(concurrent: 2))
        let one = try first.reserve(permit(), at: at(0))
        let two = try first.reserve(permit(), at: at(0))
        let wide = Purse.succeeding(first, try Limits(concurrent: 3), at: at(0))
        let three = try wide.reserve(permit(), at: at(0))
        #expect(wide.visit(permit(), at: at(0))?.code == .concurrencyLimitExceeded)
        let narrow = Purse.succeeding(wide, try Limits(concurrent: 1), at: at(0))
        one.settle()
        two.settle()
        #expect(narrow.visit(permit(), at: at(0))?.code == .concurrencyLimitExceeded)
        three.settle()
        #expect(narrow.visit(permit(), at: at(0)) == nil)
        #expect(narrow.inFlight == 0)
        #expect(first.inFlight == 0)
    }

    @Test func failedAttemptsStayCounted() throws {
        let peer = Peer(address: "192.0.2.7")
        func passes(_ limiter: FailureLimiter, at time: MonotonicTime) -> Bool {
            (try? limiter.note(peer, nil, at: time)) != nil
        }
        let first = try FailureLimiter(perMinute: 2)
        #expect(passes(first, at: at(0)) && passes(first, at: at(0)) && !passes(first, at: at(0)))
        let second = try FailureLimiter.succeeding(first, perMinute: 60, at: at(0))
        #expect(!passes(second, at: at(0)))
        #expect(passes(second, at: at(1)))
        let off = try FailureLimiter.succeeding(second, perMinute: 0, at: at(1))
        #expect(passes(off, at: at(1)))
        let on = try FailureLimiter.succeeding(off, perMinute: 1, at: at(1))
        #expect(passes(on, at: at(1)) && !passes(on, at: at(1)))
        #expect(throws: LimitFault.outOfRange("failures_per_minute")) {
            try FailureLimiter(perMinute: -1, keeping: on)
        }
    }
}

extension Purse {
    fileprivate static func succeeding(_ former: Purse, _ limits: Limits, at time: MonotonicTime) -> Purse {
        let purse = Purse(limits: limits, keeping: former)
        purse.takeOver(at: time)
        return purse
    }
}

extension FailureLimiter {
    fileprivate static func succeeding(
        _ former: FailureLimiter,
        perMinute: Int,
        at time: MonotonicTime
    ) throws -> FailureLimiter {
        let limiter = try FailureLimiter(perMinute: perMinute, keeping: former)
        limiter.takeOver(at: time)
        return limiter
    }
}
