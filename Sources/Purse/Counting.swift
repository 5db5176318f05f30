import OstiaryCore

/// What callers may count: token counts have buckets of their own, beside those of requests.
///
/// Clients ask for many at once (Claude Code 25 for `/context`, editors 50) and wait for all of them; the gate answers
/// most by itself in a fraction of a millisecond. They must neither meet the burst of requests nor use it up. One rate
/// for everybody: what a credential narrows is what it may spend, and a count spends nothing.
final class Counting: ReservationAccount {
    private let buckets: Buckets
    private let forgotten: Counter

    /// - Parameter forgotten: counts reservations that nobody settled.
    init(limits: Limits, forgotten: Counter) {
        buckets = Buckets(rate: limits.countRate, concurrent: limits.countBurst)
        self.forgotten = forgotten
    }

    /// Other limits for the same callers; they change nothing before `takeOver`.
    init(limits: Limits, keeping former: Counting) {
        buckets = Buckets(rate: limits.countRate, concurrent: limits.countBurst, keeping: former.buckets)
        forgotten = former.forgotten
    }

    func takeOver(at time: MonotonicTime) { buckets.takeOver(at: time) }

    func take(_ holder: Pseudonym, at time: MonotonicTime) -> Buckets.Verdict { buckets.take(holder, at: time) }

    func settle(_ holder: Pseudonym) { buckets.giveBack(holder) }

    func giveBackForgotten(_ holder: Pseudonym) {
        forgotten.increment()
        buckets.giveBack(holder)
    }

    var figures: Buckets.Figures { buckets.figures }
    var overflowed: Counter { buckets.overflowed }
}
