import OstiaryCore
import Synchronization

/// What reloads count.
final class ReloadFigures: Sendable {
    private let outcomes: [ReloadReport.Outcome: Counter]
    private let isLastGood = Atomic<Bool>(true)

    init() {
        outcomes = Dictionary(uniqueKeysWithValues: ReloadReport.Outcome.allCases.map { ($0, Counter()) })
    }

    func count(_ outcome: ReloadReport.Outcome) {
        outcomes[outcome]?.increment()
        switch outcome {
        case .applied: isLastGood.store(true, ordering: .relaxed)
        case .refused, .failed: isLastGood.store(false, ordering: .relaxed)
        case .good, .turnedAway: break
        }
    }

    func instruments(_ house: House, roomsInUse: Gauge) -> [Instrument] {
        ReloadReport.Outcome.allCases.map { outcome in
            Instrument(
                "gw_reloads_total",
                .counter,
                "Reloads of the configuration, by what became of them.",
                labels: [("outcome", outcome.rawValue)]
            ) { [outcomes] in Double(outcomes[outcome]?.current ?? 0) }
        } + [
            Instrument(
                "gw_config_last_reload_successful",
                .gauge,
                "Whether the configuration that was read last is in force: 1 or 0."
            ) { [self] in isLastGood.load(ordering: .relaxed) ? 1 : 0 },
            Instrument(
                "gw_config_last_success_timestamp_seconds",
                .gauge,
                "When the configuration in force was loaded, in Unix time."
            ) { [weak house] in house?.current.generation.since.seconds ?? 0 },
            Instrument(
                "gw_config_generation",
                .gauge,
                "Counts the configurations that were in force: 1 since the start, one more with each reload."
            ) { [weak house] in Double(house?.current.generation.number ?? 0) },
            Instrument(
                "gw_config_hash",
                .gauge,
                "The digest of the configuration in force as a number; equal for gates that run by the same."
            ) { [weak house] in Double(house.flatMap { UInt64($0.current.generation.digest, radix: 16) } ?? 0) },
            Instrument(
                "gw_config_waiting_for_restart",
                .gauge,
                "Keys whose new values take effect after a restart only."
            ) { [weak house] in Double(house?.current.generation.waiting.count ?? 0) },
            Instrument(
                "gw_config_generations_in_use",
                .gauge,
                "Generations that some request is decided by: the one in force, and those before it whose requests have "
                    + "not ended; never more than requests in flight and one."
            ) { Double(roomsInUse.current) },
        ]
    }
}
