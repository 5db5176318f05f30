import OstiaryCore
import OstiaryJournal
import OstiaryVault
import OstiaryWire
import Synchronization

/// The credentials daemon behind the admin door: what it needs besides the store itself, which is one of the rooms.
final class Daemon: Sendable {
    /// What a provider's last test came to.
    struct Tested: Sendable {
        let at: UnixTime
        let outcome: ProviderTest.Outcome
    }

    let keeper: Doorkeeper
    let fingerprints: Fingerprints
    let test: ProviderTest
    let errands = StoreErrands()
    /// `nil` for a gate without a store.
    let trail: AuditTrail?
    let refreshes = RunningRefreshes()
    let clock: any GateClock
    /// Whether stored keys may be read back at all.
    let reveals: Bool
    /// Tests of one provider: ten, then one in six seconds.
    let tests = AttemptBuckets(capacity: 10, perSecond: 1.0 / 6, most: 256)
    /// By provider. Forgotten with the process; bounded by the providers there can be.
    private let tested = Mutex<[String: Tested]>([:])
    private static let mostTested = 256
    /// How the store was when it was last looked at.
    let sight = Later<(at: MonotonicTime, sight: StoreSight)?>(nil)

    init(
        keeper: Doorkeeper,
        fingerprints: Fingerprints,
        trail: AuditTrail?,
        test: ProviderTest,
        reveals: Bool,
        clock: any GateClock
    ) {
        self.trail = trail
        self.keeper = keeper
        self.fingerprints = fingerprints
        self.test = test
        self.reveals = reveals
        self.clock = clock
    }

    func lastTest(of id: String) -> Tested? { tested.withLock { $0[id] } }

    func note(_ outcome: ProviderTest.Outcome, of id: String) {
        let entry = Tested(at: clock.now, outcome: outcome)
        tested.withLock { tested in
            if tested[id] != nil || tested.count < Self.mostTested { tested[id] = entry }
        }
    }

    /// The last test was about a key that is there no more.
    func forgetTest(of id: String) { tested.withLock { $0[id] = nil } }

    var instruments: [Instrument] {
        keeper.instruments + errands.instruments + [
            Instrument("gw_admin_audit_lines_total", .counter, "Lines written to the audit trail.") { [trail] in
                Double(trail?.written ?? 0)
            },
            Instrument("gw_admin_tests_refused_total", .counter, "Tests of providers beyond their limit.") { [tests] in
                Double(tests.refused.current)
            },
            Instrument(
                "gw_admin_tests_entries",
                .gauge,
                "Providers whose tests are counted; at most \(tests.limit)."
            ) { [tests] in Double(tests.count) },
        ]
    }
}
