import OstiaryCore

/// How fast a bucket fills and what it holds, in whole numbers: a request is 60,000,000,000 drops, and each
/// nanosecond brings as many drops as the rate has requests a minute. No fraction is ever lost or rounded up.
struct Rate: Hashable, Sendable {
    static let dropsPerRequest: Int64 = 60_000_000_000
    private static let second: Int64 = 1_000_000_000

    let perMinute: Int64
    let capacity: Int64

    /// Both between 1 and `Limits.largest`, so that no product here reaches 2^63.
    init(perMinute: Int, burst: Int) {
        self.perMinute = Int64(max(1, min(perMinute, Limits.largest)))
        capacity = Int64(max(1, min(burst, Limits.largest))) * Self.dropsPerRequest
    }

    /// Whole seconds until `drops` have come, rounded up.
    func seconds(until drops: Int64) -> Int {
        guard drops > 0 else { return 0 }
        let perSecond = perMinute * Self.second
        return Int((drops + perSecond - 1) / perSecond)
    }
}

/// One caller's bucket and the number of that caller's requests in flight.
struct Bucket: Sendable {
    private var drops: Int64
    private var updated: Int64
    var inFlight: Int32 = 0

    /// A full bucket.
    init(rate: Rate?, at time: MonotonicTime) {
        drops = rate?.capacity ?? 0
        updated = time.nanoseconds
    }

    /// Lets in what has flowed since the last call. A time before that (two loops read the clock side by side) counts
    /// as no time at all.
    mutating func refill(_ rate: Rate, at time: MonotonicTime) {
        // After a reload the bucket may be a smaller one than it was.
        if drops > rate.capacity { drops = rate.capacity }
        let (elapsed, overflow) = time.nanoseconds.subtractingReportingOverflow(updated)
        guard elapsed > 0, !overflow else { return }
        updated = time.nanoseconds
        let missing = rate.capacity - drops
        // Compared before multiplying: a week of idleness times the rate would overflow.
        drops = elapsed > missing / rate.perMinute ? rate.capacity : drops + elapsed * rate.perMinute
    }

    /// Goes over to another rate: what has flowed until now came at the old one, and nothing is added beyond it. Where
    /// there was no rate before, the bucket starts full as any other.
    mutating func change(from old: Rate?, to new: Rate?, at time: MonotonicTime) {
        guard let new else { return }
        if let old {
            refill(old, at: time)
            drops = min(drops, new.capacity)
        } else {
            drops = new.capacity
            updated = max(updated, time.nanoseconds)
        }
    }

    /// Takes one request out, if there is one.
    mutating func take() -> Bool {
        guard holdsRequest else { return false }
        drops -= Rate.dropsPerRequest
        return true
    }

    var holdsRequest: Bool { drops >= Rate.dropsPerRequest }

    func isFull(_ rate: Rate) -> Bool { drops == rate.capacity }

    /// Whole seconds until a request is there, at least 1.
    func retryAfter(_ rate: Rate) -> Int {
        max(1, rate.seconds(until: Rate.dropsPerRequest - drops))
    }

    func standing(_ rate: Rate) -> RateStanding {
        RateStanding(
            limit: Int(rate.perMinute),
            remaining: Int(drops / Rate.dropsPerRequest),
            reset: rate.seconds(until: rate.capacity - drops)
        )
    }
}
