import OstiaryCore
import Synchronization

/// A rate and a bound of concurrent requests, and the table of buckets that they apply to.
///
/// At a reload other limits come to stand on the same table, so that nobody's bucket is filled by it.
final class Buckets: Sendable {
    enum Verdict {
        case allowed(RateStanding?)
        case refusedByRate(RateStanding, retryAfter: Int)
        case refusedByConcurrency(RateStanding?)
    }

    /// What happened so far and what is held now.
    struct Figures {
        var entries = 0
        var allowed: Int64 = 0
        var refusedByRate: Int64 = 0
        var refusedByConcurrency: Int64 = 0
        var inFlight: Int64 = 0
    }

    /// The most callers known at once.
    static let limit = BucketTable.shardCount * BucketShard.limit

    private let rate: Rate?
    /// Zero: no limit.
    private let concurrent: Int32
    private let table: BucketTable
    /// The rate that the table has been under until `takeOver`.
    private let rateBefore: Rate?
    private let isInForce: Atomic<Bool>

    init(rate: Rate?, concurrent: Int, at time: MonotonicTime = MonotonicTime(nanoseconds: 0)) {
        self.rate = rate
        self.concurrent = Int32(clamping: concurrent)
        table = BucketTable(rate: rate, at: time)
        rateBefore = rate
        isInForce = Atomic(true)
    }

    /// Other limits for the buckets of `former`. They change nothing before `takeOver`.
    init(rate: Rate?, concurrent: Int, keeping former: Buckets) {
        self.rate = rate
        self.concurrent = Int32(clamping: concurrent)
        table = former.table
        rateBefore = former.rate
        isInForce = Atomic(false)
    }

    /// Brings the buckets under these limits. What flowed until `time` came at the rate of before.
    func takeOver(at time: MonotonicTime) {
        guard !isInForce.exchange(true, ordering: .relaxed), rate != rateBefore else { return }
        table.change(from: rateBefore, to: rate, at: time)
    }

    /// Requests that were counted against the shared bucket.
    var overflowed: Counter { table.overflowed }

    /// Takes one request and one concurrent slot, or neither.
    func take(_ key: Pseudonym, at time: MonotonicTime) -> Verdict {
        table.withShard(of: key) { shard in
            let verdict: Verdict
            if let place = shard.place(of: key, rate: rate, at: time) {
                verdict = take(from: &shard[place], at: time)
            } else {
                table.overflowed.increment()
                // The one place where two locks are held; always in this order.
                verdict = table.overflow.withLock { take(from: &$0, at: time) }
            }
            switch verdict {
            case .allowed:
                shard.allowed &+= 1
                shard.inFlight &+= 1
            case .refusedByRate: shard.refusedByRate &+= 1
            case .refusedByConcurrency: shard.refusedByConcurrency &+= 1
            }
            return verdict
        }
    }

    /// Gives the concurrent slot back. The request stays taken.
    func giveBack(_ key: Pseudonym) {
        table.withShard(of: key) { shard in
            shard.inFlight &-= 1
            if let place = shard.find(key), shard[place].inFlight > 0 {
                shard[place].inFlight -= 1
            } else {
                // Taken while the shard was full: it counts there, even if the caller has a bucket by now.
                table.overflow.withLock { if $0.inFlight > 0 { $0.inFlight -= 1 } }
            }
        }
    }

    var figures: Figures {
        var sum = Figures()
        table.forEachShard { shard in
            sum.entries += shard.count
            sum.allowed += shard.allowed
            sum.refusedByRate += shard.refusedByRate
            sum.refusedByConcurrency += shard.refusedByConcurrency
            sum.inFlight += shard.inFlight
        }
        return sum
    }

    private func take(from bucket: inout Bucket, at time: MonotonicTime) -> Verdict {
        guard let rate else {
            guard hasSlot(bucket) else { return .refusedByConcurrency(nil) }
            bucket.inFlight &+= 1
            return .allowed(nil)
        }
        bucket.refill(rate, at: time)
        guard bucket.holdsRequest else {
            return .refusedByRate(bucket.standing(rate), retryAfter: bucket.retryAfter(rate))
        }
        guard hasSlot(bucket), bucket.take() else { return .refusedByConcurrency(bucket.standing(rate)) }
        bucket.inFlight &+= 1
        return .allowed(bucket.standing(rate))
    }

    private func hasSlot(_ bucket: Bucket) -> Bool {
        concurrent == 0 || bucket.inFlight < concurrent
    }
}
