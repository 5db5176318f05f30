import OstiaryCore
import Synchronization

/// The buckets of all callers: 64 shards with a lock each, held for a look-up and some arithmetic and never across a
/// suspension.
///
/// Bounded: where a shard is full of busy callers, newcomers share one overflow bucket rather than being free.
final class BucketTable: Sendable {
    static let shardCount = 64

    private let shards: InlineArray<64, Mutex<BucketShard>>
    let overflow: Mutex<Bucket>
    /// Requests that were counted against the shared bucket.
    let overflowed = Counter()

    init(rate: Rate?, at time: MonotonicTime) {
        shards = InlineArray { _ in Mutex(BucketShard()) }
        overflow = Mutex(Bucket(rate: rate, at: time))
    }

    func withShard<Result>(of key: Pseudonym, _ body: (inout BucketShard) -> Result) -> Result {
        // The slot within a shard comes from the other half of the pseudonym.
        shards[Int(truncatingIfNeeded: key.low & 63)].withLock { body(&$0) }
    }

    func forEachShard(_ body: (inout BucketShard) -> Void) {
        for index in shards.indices { shards[index].withLock { body(&$0) } }
    }

    /// Takes every bucket over to another rate, one shard after the other.
    func change(from old: Rate?, to new: Rate?, at time: MonotonicTime) {
        forEachShard { $0.change(from: old, to: new, at: time) }
        overflow.withLock { $0.change(from: old, to: new, at: time) }
    }
}
