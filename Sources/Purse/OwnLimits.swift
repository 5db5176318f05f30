import OstiaryCore
import Synchronization

/// The buckets of callers whose credential brings limits of its own: each has its own rate, so they share no table with
/// everybody else's.
///
/// Sixteen parts with a lock each, held for a look-up and some arithmetic. Bounded: where a part is full of busy callers,
/// newcomers share one bucket of it, under the limits of whoever asks. Buckets outlive a reload.
final class OwnLimits: ReservationAccount {
    private struct Account {
        var bucket: Bucket
        var rate: Rate?
    }

    private struct Part {
        var accounts: [Pseudonym: Account] = [:]
        var allowed: Int64 = 0
        var refusedByRate: Int64 = 0
        var refusedByConcurrency: Int64 = 0
        var inFlight: Int64 = 0
    }

    private final class Shard: Sendable {
        let part = Mutex(Part())
    }

    /// The most callers of one part; sixteen of them hold 16,384, more than there are keys in a file.
    static let partLimit = 1_024
    private static let shared = Pseudonym(high: 0, low: 0)

    private let shards = (0..<16).map { _ in Shard() }
    private let forgotten: Counter

    /// - Parameter forgotten: counts reservations that nobody settled.
    init(forgotten: Counter) {
        self.forgotten = forgotten
    }

    /// Takes one request and one slot, or neither. What has flowed until now came at the rate that the bucket was under.
    /// - Parameter concurrent: 0 for no limit.
    func take(_ key: Pseudonym, rate: Rate?, concurrent: Int, at time: MonotonicTime) -> Buckets.Verdict {
        shard(of: key).part.withLock { part in
            let key = Self.place(for: key, in: &part, at: time)
            var account = part.accounts[key] ?? Account(bucket: Bucket(rate: rate, at: time), rate: rate)
            if account.rate != rate {
                account.bucket.change(from: account.rate, to: rate, at: time)
                account.rate = rate
            }
            let verdict = Self.take(from: &account.bucket, rate, concurrent, at: time)
            part.accounts[key] = account
            switch verdict {
            case .allowed:
                part.allowed += 1
                part.inFlight += 1
            case .refusedByRate: part.refusedByRate += 1
            case .refusedByConcurrency: part.refusedByConcurrency += 1
            }
            return verdict
        }
    }

    func settle(_ holder: Pseudonym) {
        shard(of: holder).part.withLock { part in
            part.inFlight -= 1
            // One taken while the part was full counts at the shared bucket, even if the caller has its own by now.
            let own = part.accounts[holder].map { $0.bucket.inFlight > 0 } ?? false
            let key = own ? holder : Self.shared
            guard let held = part.accounts[key]?.bucket.inFlight, held > 0 else { return }
            part.accounts[key]?.bucket.inFlight -= 1
        }
    }

    func giveBackForgotten(_ holder: Pseudonym) {
        forgotten.increment()
        settle(holder)
    }

    var figures: Buckets.Figures {
        var sum = Buckets.Figures()
        for shard in shards {
            shard.part.withLock { part in
                sum.entries += part.accounts.count
                sum.allowed += part.allowed
                sum.refusedByRate += part.refusedByRate
                sum.refusedByConcurrency += part.refusedByConcurrency
                sum.inFlight += part.inFlight
            }
        }
        return sum
    }

    private func shard(of key: Pseudonym) -> Shard { shards[Int(key.low & 15)] }

    /// The caller's own place, where there is one to be had.
    private static func place(for key: Pseudonym, in part: inout Part, at time: MonotonicTime) -> Pseudonym {
        guard part.accounts[key] == nil, part.accounts.count >= partLimit else { return key }
        // What a newcomer would get anyway: full buckets without a request in flight.
        part.accounts = part.accounts.filter { _, account in
            guard account.bucket.inFlight == 0, let rate = account.rate else { return account.bucket.inFlight > 0 }
            var bucket = account.bucket
            bucket.refill(rate, at: time)
            return !bucket.isFull(rate)
        }
        return part.accounts.count >= partLimit ? shared : key
    }

    private static func take(
        from bucket: inout Bucket,
        _ rate: Rate?,
        _ concurrent: Int,
        at time: MonotonicTime
    ) -> Buckets.Verdict {
        let hasSlot = concurrent == 0 || Int(bucket.inFlight) < concurrent
        guard let rate else {
            guard hasSlot else { return .refusedByConcurrency(nil) }
            bucket.inFlight &+= 1
            return .allowed(nil)
        }
        bucket.refill(rate, at: time)
        guard bucket.holdsRequest else {
            return .refusedByRate(bucket.standing(rate), retryAfter: bucket.retryAfter(rate))
        }
        guard hasSlot, bucket.take() else { return .refusedByConcurrency(bucket.standing(rate)) }
        bucket.inFlight &+= 1
        return .allowed(bucket.standing(rate))
    }
}
