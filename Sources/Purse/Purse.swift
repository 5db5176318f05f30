public import OstiaryCore

/// Sets aside what a permitted call uses, before it is made: one request of the caller's rate and one of the caller's
/// concurrent slots.
///
/// Callers are known by their pseudonyms alone: all tokens of one subject at one issuer share a bucket, and one subject
/// name at two issuers has two. A credential that brings limits of its own (`Narrowing`) is counted by those, and token
/// counts are counted apart (`Counting`). Only the monotonic clock counts, so a wall clock that jumps changes nothing. A
/// refused call costs nothing; a call that was let in costs its request whatever becomes of it.
public final class Purse: ReservationAccount {
    public let limits: Limits
    private let buckets: Buckets
    private let own: OwnLimits
    private let counting: Counting
    private let forgotten: Counter

    /// The most callers known at once; beyond it newcomers share one bucket.
    public static let callerLimit = Buckets.limit

    public init(limits: Limits) {
        self.limits = limits
        buckets = Buckets(rate: limits.rate, concurrent: limits.concurrent)
        forgotten = Counter()
        own = OwnLimits(forgotten: forgotten)
        counting = Counting(limits: limits, forgotten: forgotten)
    }

    /// Other limits for the callers of `former`: what they have used stays used, and what was set aside by the former
    /// purse counts here too and may come back to either. Nothing changes before `takeOver`.
    public init(limits: Limits, keeping former: Purse) {
        self.limits = limits
        buckets = Buckets(rate: limits.rate, concurrent: limits.concurrent, keeping: former.buckets)
        forgotten = former.forgotten
        own = former.own
        counting = Counting(limits: limits, keeping: former.counting)
    }

    /// Puts these limits in force in place of the former purse's, once.
    public func takeOver(at time: MonotonicTime) {
        buckets.takeOver(at: time)
        counting.takeOver(at: time)
    }

    /// - Throws: `rate_limit_exceeded` with the whole seconds until one request is free (at least 1), or
    ///   `concurrency_limit_exceeded`; both carry the caller's standing where a rate applies.
    public func reserve(_ permit: borrowing Permit, at time: MonotonicTime) throws(GateError) -> Reservation {
        let holder = permit.identity.pseudonym
        let account: any ReservationAccount
        let verdict: Buckets.Verdict
        if permit.route.api == .tokenCount {
            account = counting
            verdict = counting.take(holder, at: time)
        } else if let narrowed = permit.identity.narrowing?.limits, !narrowed.isEmpty {
            account = own
            verdict = own.take(
                holder,
                rate: limits.rate(narrowedBy: narrowed),
                concurrent: narrowed.concurrent ?? limits.concurrent,
                at: time
            )
        } else {
            account = self
            verdict = buckets.take(holder, at: time)
        }
        switch verdict {
        case .allowed(let standing):
            return Reservation(account: account, holder: holder, standing: standing)
        case .refusedByRate(let standing, let seconds):
            throw GateError(.rateLimitExceeded, retry: .after(seconds: seconds), standing: standing)
        case .refusedByConcurrency(let standing):
            throw GateError(.concurrencyLimitExceeded, standing: standing)
        }
    }

    public func settle(_ holder: Pseudonym) {
        buckets.giveBack(holder)
    }

    public func giveBackForgotten(_ holder: Pseudonym) {
        forgotten.increment()
        buckets.giveBack(holder)
    }

    /// Requests set aside and not yet settled.
    public var inFlight: Int { Int(clamping: reserved) }

    private var reserved: Int64 {
        buckets.figures.inFlight + own.figures.inFlight + counting.figures.inFlight
    }
}

extension Purse {
    /// What the purse shows to the operator.
    public var instruments: [Instrument] {
        let help = "Decisions of the limits, by limit and result."
        return [
            Instrument("gw_ratelimit_total", .counter, help, labels: [("limit", "rate"), ("result", "allowed")]) {
                [buckets, own] in Double(buckets.figures.allowed + own.figures.allowed)
            },
            Instrument("gw_ratelimit_total", .counter, help, labels: [("limit", "rate"), ("result", "refused")]) {
                [buckets, own] in Double(buckets.figures.refusedByRate + own.figures.refusedByRate)
            },
            Instrument("gw_ratelimit_total", .counter, help, labels: [("limit", "concurrency"), ("result", "refused")])
            {
                [buckets, own] in Double(buckets.figures.refusedByConcurrency + own.figures.refusedByConcurrency)
            },
            Instrument("gw_ratelimit_total", .counter, help, labels: [("limit", "counts"), ("result", "allowed")]) {
                [counting] in Double(counting.figures.allowed)
            },
            Instrument("gw_ratelimit_total", .counter, help, labels: [("limit", "counts"), ("result", "refused")]) {
                [counting] in Double(counting.figures.refusedByRate + counting.figures.refusedByConcurrency)
            },
            Instrument(
                "gw_ratelimit_entries",
                .gauge,
                "Callers or addresses with a bucket of their own; at most \(Buckets.limit).",
                labels: [("table", "callers")]
            ) { [buckets] in Double(buckets.figures.entries) },
            Instrument(
                "gw_ratelimit_entries",
                .gauge,
                "Callers or addresses with a bucket of their own; at most \(Buckets.limit).",
                labels: [("table", "counts")]
            ) { [counting] in Double(counting.figures.entries) },
            Instrument(
                "gw_ratelimit_entries",
                .gauge,
                "Callers or addresses with a bucket of their own; at most \(16 * OwnLimits.partLimit).",
                labels: [("table", "own_limits")]
            ) { [own] in Double(own.figures.entries) },
            Instrument(
                "gw_ratelimit_overflow_total",
                .counter,
                "Requests counted against the bucket that newcomers share while the table is full.",
                labels: [("table", "callers")]
            ) { [buckets] in Double(buckets.overflowed.current) },
            Instrument(
                "gw_ratelimit_overflow_total",
                .counter,
                "Requests counted against the bucket that newcomers share while the table is full.",
                labels: [("table", "counts")]
            ) { [counting] in Double(counting.overflowed.current) },
            Instrument(
                "gw_reservations_in_flight",
                .gauge,
                "Requests set aside and not yet settled."
            ) { [self] in Double(reserved) },
            Instrument(
                "gw_reservations_forgotten_total",
                .counter,
                "Reservations that nobody settled; more than none means a fault of the gate."
            ) { [forgotten] in Double(forgotten.current) },
        ]
    }
}
