import OstiaryCore
import Synchronization

/// The buckets of all callers: 64 shards with a lock each, held for a look-up and some arithmetic and never across a
/// suspension.
///
/// Bounded: where a shard is full of busy callers, newcomers share one overflow bucket rather than being free.
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

    static let shardCount = 64
    /// The most callers known at once.
    static let limit = shardCount * BucketShard.limit

    private let rate: Rate?
    /// Zero: no limit.
    private let concurrent: Int32
    private let shards: InlineArray<64, Mutex<BucketShard>>
    private let overflow: Mutex<Bucket>
    /// Requests that were counted against the shared bucket.
    let overflowed = Counter()

    init(rate: Rate?, concurrent: Int, at time: MonotonicTime = MonotonicTime(nanoseconds: 0)) {
        self.rate = rate
        self.concurrent = Int32(clamping: concurrent)
        shards = InlineArray { _ in Mutex(BucketShard()) }
        overflow = Mutex(Bucket(rate: rate, at: time))
    }

    /// Takes one request and one concurrent slot, or neither.
    func take(_ key: Pseudonym, at time: MonotonicTime) -> Verdict {
        shards[Self.shard(of: key)].withLock { shard in
            let verdict: Verdict
            if let place = shard.place(of: key, rate: rate, at: time) {
                verdict = take(from: &shard[place], at: time)
            } else {
                overflowed.increment()
                // The one place where two locks are held; always in this order.
                verdict = overflow.withLock { take(from: &$0, at: time) }
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
        shards[Self.shard(of: key)].withLock { shard in
            shard.inFlight &-= 1
            if let place = shard.find(key), shard[place].inFlight > 0 {
                shard[place].inFlight -= 1
            } else {
                // Taken while the shard was full: it counts there, even if the caller has a bucket by now.
                overflow.withLock { if $0.inFlight > 0 { $0.inFlight -= 1 } }
            }
        }
    }

    var figures: Figures {
        var sum = Figures()
        for index in shards.indices {
            shards[index].withLock { shard in
                sum.entries += shard.count
                sum.allowed += shard.allowed
                sum.refusedByRate += shard.refusedByRate
                sum.refusedByConcurrency += shard.refusedByConcurrency
                sum.inFlight += shard.inFlight
            }
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

    // The slot within a shard comes from the other half of the pseudonym.
    private static func shard(of key: Pseudonym) -> Int {
        Int(truncatingIfNeeded: key.low & 63)
    }
}
