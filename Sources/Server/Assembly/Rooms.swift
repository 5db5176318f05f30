import Crypto
import OstiaryCharter
import OstiaryCore
import OstiaryIdentity
import OstiaryJournal
import OstiaryModels
import OstiaryPurse
import OstiaryVault

/// What the corridors of all event loops share: the rooms behind them, each in its one instance, as one generation of
/// the configuration wants them. Never changed; a reload makes others (`Furnishing`).
final class Rooms: Sendable {
    let generation: Generation
    let clock: any GateClock
    let verifier: TokenVerifier
    let bearer: BearerAuthenticator
    /// `nil` where nobody is known by a certificate alone.
    let certificates: CertificateAuthenticator?
    /// `nil` where there are no virtual keys.
    let keys: WatchedKeys?
    /// `nil` where nobody gets tokens for assertions.
    let workloads: WorkloadExchange?
    /// `nil` where capability tokens are not taken.
    let revocations: WatchedRevocations?
    /// The key of the pseudonyms.
    let pseudonymKey: SymmetricKey
    let failures: FailureLimiter
    let charter: Charter
    let purse: Purse
    let usage: UsageMeter
    let models: Models
    /// The providers behind HTTP, by name.
    let providers: [String: HTTPProvider]
    let vault: Vault
    /// The gate's own store of keys; `nil` where none is configured.
    let store: (any Store)?
    let storeKind: StoreKind
    let origins: OriginRule
    let hosts: HostRule
    let proxies: TrustedProxies
    let journal: Journal
    private let inUse: Gauge

    /// Whom the gate knows, and how.
    struct Callers {
        let verifier: TokenVerifier
        let bearer: BearerAuthenticator
        let certificates: CertificateAuthenticator?
        let keys: WatchedKeys?
        let workloads: WorkloadExchange?
        let revocations: WatchedRevocations?
        let pseudonymKey: SymmetricKey
    }

    /// What the gate offers, and from whom.
    struct Offer {
        let models: Models
        let providers: [String: HTTPProvider]
    }

    /// - Parameter inUse: counts the sets of rooms that there are: one, and those that requests are still in.
    init(
        _ generation: Generation,
        callers: Callers,
        failures: FailureLimiter,
        charter: Charter,
        purse: Purse,
        usage: UsageMeter,
        offer: Offer,
        vault: Vault,
        strongroom: Strongroom,
        journal: Journal,
        clock: any GateClock,
        inUse: Gauge
    ) {
        self.generation = generation
        self.clock = clock
        verifier = callers.verifier
        bearer = callers.bearer
        certificates = callers.certificates
        keys = callers.keys
        workloads = callers.workloads
        revocations = callers.revocations
        pseudonymKey = callers.pseudonymKey
        self.failures = failures
        self.charter = charter
        self.purse = purse
        self.usage = usage
        models = offer.models
        providers = offer.providers
        self.vault = vault
        store = strongroom.store
        storeKind = strongroom.kind
        self.journal = journal
        self.inUse = inUse
        let listen = generation.configuration.listen
        origins = OriginRule(listen.origins)
        hosts = HostRule(listen.hosts)
        proxies = TrustedProxies(listen.trustedProxies, field: listen.forwarding)
        inUse.add(1)
    }

    deinit { inUse.add(-1) }

    var instruments: [Instrument] {
        bearer.instruments + (certificates?.instruments ?? []) + purse.instruments + failures.instruments
            + models.instruments + vault.instruments + (keys?.instruments ?? [])
            + (workloads?.instruments ?? []) + (bearer.capabilities == nil ? [] : usage.instruments)
            + (revocations?.instruments ?? [])
    }
}
