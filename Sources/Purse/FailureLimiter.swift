public import OstiaryCore

/// Limits failed authentications by peer address, so that guessing is slow and a flood of bad tokens is cheap to
/// answer. Good tokens cost nothing here.
///
/// What counts is the credential, not the request: a client that repeats one, as Claude Code does ten times over when its
/// key is refused, guesses nothing. So of one address with one credential only every tenth failure takes from the
/// address's bucket, or the first after two minutes.
///
/// An IPv6 peer counts by its /64, since one machine usually has all of it; an IPv4 address in IPv6 form counts as the
/// IPv4 address. Addresses are kept as keyed hashes only: 128 bits, so that no two of them share a bucket by chance, of
/// a hash that is quick rather than strong, as it is made for every refusal and never leaves this process.
public final class FailureLimiter: Sendable {
    private let buckets: Buckets?
    private let high: KeyedHash
    private let low: KeyedHash
    private let repeats: Repeats

    /// - Parameter perMinute: failures a minute, also the most at once; 0 switches the limit off.
    public init(perMinute: Int = 60) throws(LimitFault) {
        guard 0...Limits.largest ~= perMinute else { throw .outOfRange("failures_per_minute") }
        high = KeyedHash()
        low = KeyedHash()
        repeats = Repeats()
        buckets = perMinute == 0 ? nil : Buckets(rate: Rate(perMinute: perMinute, burst: perMinute), concurrent: 0)
    }

    /// Another limit for the addresses that `former` knows. Nothing changes before `takeOver`.
    public init(perMinute: Int, keeping former: FailureLimiter) throws(LimitFault) {
        guard 0...Limits.largest ~= perMinute else { throw .outOfRange("failures_per_minute") }
        high = former.high
        low = former.low
        repeats = former.repeats
        let rate = Rate(perMinute: perMinute, burst: perMinute)
        buckets =
            switch (perMinute, former.buckets) {
            case (0, _): nil
            case (_, nil): Buckets(rate: rate, concurrent: 0)
            case (_, let known?): Buckets(rate: rate, concurrent: 0, keeping: known)
            }
    }

    /// Puts this limit in force in place of the former one, once.
    public func takeOver(at time: MonotonicTime) {
        buckets?.takeOver(at: time)
    }

    /// Counts one failed authentication.
    /// - Parameter credential: what was refused; `nil` where there was none.
    /// - Throws: `too_many_failures` with the whole seconds to wait, when the peer's bucket is empty.
    public func note(_ peer: Peer, _ credential: Credential?, at time: MonotonicTime) throws(GateError) {
        guard let buckets else { return }
        let name = PeerNetwork.withBytes(of: peer.address) { Pseudonym(high: high($0), low: low($0)) }
        // Hashes under keys that nobody knows; folded together so that one pair is not another in reverse.
        let mark = credential.map { (high($0.bytes.span) ^ name.low) &* 0x9e37_79b9_7f4a_7c15 ^ name.high }
        if let mark, repeats.isRepeat(mark, at: time) { return }
        switch buckets.take(name, at: time) {
        case .allowed: buckets.giveBack(name)
        case .refusedByConcurrency: return
        case .refusedByRate(_, let seconds):
            // It was not counted, so what follows repeats nothing.
            if let mark { repeats.forget(mark) }
            throw GateError(.tooManyFailures, retry: .after(seconds: seconds))
        }
    }

    /// What the limiter shows to the operator.
    public var instruments: [Instrument] {
        guard let buckets else { return [] }
        let help = "Decisions of the limits, by limit and result."
        return [
            Instrument("gw_ratelimit_total", .counter, help, labels: [("limit", "failures"), ("result", "allowed")]) {
                Double(buckets.figures.allowed)
            },
            Instrument("gw_ratelimit_total", .counter, help, labels: [("limit", "failures"), ("result", "refused")]) {
                Double(buckets.figures.refusedByRate)
            },
            Instrument(
                "gw_ratelimit_entries",
                .gauge,
                "Callers or addresses with a bucket of their own; at most \(Buckets.limit).",
                labels: [("table", "failures")]
            ) { Double(buckets.figures.entries) },
            Instrument(
                "gw_ratelimit_overflow_total",
                .counter,
                "Requests counted against the bucket that newcomers share while the table is full.",
                labels: [("table", "failures")]
            ) { Double(buckets.overflowed.current) },
            Instrument(
                "gw_failure_repeats_total",
                .counter,
                "Failed authentications that repeated a credential and were not counted again."
            ) { [repeats] in Double(repeats.repeats) },
            Instrument(
                "gw_failure_repeats_entries",
                .gauge,
                "Failed credentials that are known by their hash; at most \(Repeats.limit)."
            ) { [repeats] in Double(repeats.count) },
        ]
    }
}
