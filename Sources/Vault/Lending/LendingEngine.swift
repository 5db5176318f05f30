public import OstiaryCore

/// What keeping keys fresh needs from outside, and what it counts: one for the life of the process.
public struct LendingEngine: Sendable {
    public let clock: any GateClock
    let jitter: @Sendable () -> Double
    let figures: KeyFigures
    let notice: @Sendable (KeyNotice) -> Void

    /// - Parameters:
    ///   - jitter: gives numbers from 0 to 1 that spread retries.
    ///   - notice: is told what an operator should know.
    public init(
        clock: any GateClock = SystemClock(),
        jitter: @escaping @Sendable () -> Double = { Double.random(in: 0...1) },
        notice: @escaping @Sendable (KeyNotice) -> Void = { _ in }
    ) {
        self.clock = clock
        self.jitter = jitter
        self.notice = notice
        figures = KeyFigures()
    }
}

/// What lending counts.
final class KeyFigures: Sendable {
    let refused = Counter()
    let throttled = Counter()
    let changed = Counter()
    let refreshes = Counter()
    let failures = Counter()

    var instruments: [Instrument] {
        [
            Instrument(
                "gw_vault_key_refreshes_total",
                .counter,
                "Readings of keys that went well, the first of each included."
            ) { [self] in Double(refreshes.current) },
            Instrument(
                "gw_vault_key_failures_total",
                .counter,
                "Readings of keys that failed."
            ) { [self] in Double(failures.current) },
            Instrument(
                "gw_vault_key_refusals_total",
                .counter,
                "Times that a provider refused a key."
            ) { [self] in Double(refused.current) },
            Instrument(
                "gw_vault_key_throttles_total",
                .counter,
                "Times that a provider wanted one of several keys to rest."
            ) { [self] in Double(throttled.current) },
            Instrument(
                "gw_vault_key_changes_total",
                .counter,
                "Times that a source gave another key than before."
            ) { [self] in Double(changed.current) },
        ]
    }
}
