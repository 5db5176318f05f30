import OstiaryCore
import Synchronization

/// Buckets that fill with time, one for each name: so many attempts at once, and then one after the other.
///
/// At most `most` names have one; when that is reached, buckets that are full again go, and where there is none, newcomers
/// share one.
final class AttemptBuckets: Sendable {
    private struct Bucket: Sendable {
        var level: Double
        var at: MonotonicTime
    }

    private let capacity: Double
    private let perSecond: Double
    private let most: Int
    private let buckets = Mutex<[String: Bucket]>([:])
    let refused = Counter()

    init(capacity: Int, perSecond: Double, most: Int = 1024) {
        self.capacity = Double(capacity)
        self.perSecond = perSecond
        self.most = most
    }

    var count: Int { buckets.withLock { $0.count } }
    var limit: Int { most }

    /// - Returns: `nil` when this attempt may be made, else the whole seconds until one may.
    func take(_ name: String, at now: MonotonicTime) -> Int? {
        buckets.withLock { buckets in
            var name = name
            if buckets[name] == nil, buckets.count >= most {
                buckets = buckets.filter { level($0.value, now) < capacity }
                if buckets.count >= most { name = "" }
            }
            var bucket = buckets[name] ?? Bucket(level: capacity, at: now)
            bucket.level = level(bucket, now)
            bucket.at = now
            defer { buckets[name] = bucket }
            guard bucket.level >= 1 else {
                refused.increment()
                return max(1, Int(((1 - bucket.level) / perSecond).rounded(.up)))
            }
            bucket.level -= 1
            return nil
        }
    }

    private func level(_ bucket: Bucket, _ now: MonotonicTime) -> Double {
        min(capacity, bucket.level + max(0, now.seconds(since: bucket.at)) * perSecond)
    }
}
