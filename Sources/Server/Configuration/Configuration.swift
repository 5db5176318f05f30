/// What the operator decided, read once from file, environment and flags and checked as a whole.
///
/// A value: whoever holds one holds a copy that nobody else can change, and a reload makes a new one. It is made by
/// `Configuration.load`, which returns either all of it or every fault at once; the memberwise initialisers serve
/// tests and development mode. It never holds a secret, only references to where secrets lie.
public struct Configuration: Hashable, Sendable {
    /// The public door.
    public var listen: Listen
    /// The admin door.
    public var admin: Admin
    /// Who may be believed.
    public var identity: Identity
    /// Where calls can go, in the file's order; names are unique.
    public var providers: [Provider]
    /// Where the gate's own sealed store is.
    public var vault: Vault
    /// The credentials daemon behind the admin door.
    public var daemon: Daemon
    /// Which model goes to which provider, in the file's order; names are unique. Never empty after `load` when there
    /// is a provider: a sole provider without entries gets `*`.
    public var models: [Model]
    /// What one caller may use.
    public var limits: Limits
    public var shutdown: Shutdown
    public var journal: Journal

    public init(
        listen: Listen = Listen(),
        admin: Admin = Admin(),
        identity: Identity = Identity(),
        providers: [Provider] = [],
        vault: Vault = Vault(),
        daemon: Daemon = Daemon(),
        models: [Model] = [],
        limits: Limits = Limits(),
        shutdown: Shutdown = Shutdown(),
        journal: Journal = Journal()
    ) {
        self.listen = listen
        self.admin = admin
        self.identity = identity
        self.providers = providers
        self.vault = vault
        self.daemon = daemon
        self.models = models
        self.limits = limits
        self.shutdown = shutdown
        self.journal = journal
    }
}

extension Configuration {
    /// What one caller may use. Rates are per pseudonym; failures are per peer address.
    public struct Limits: Hashable, Sendable {
        /// Refill of the caller's bucket; 0 switches the rate limit off.
        public var requestsPerMinute: Int = 60
        /// Capacity of the caller's bucket; at least 1 while there is a rate.
        public var burst: Int = 10
        /// Requests of one caller in flight at once.
        public var concurrent: Int = 20
        /// Refill of the caller's bucket of token counts; 0 switches that limit off.
        public var countsPerMinute: Int = 600
        /// Capacity of that bucket; at least 1 while there is a rate.
        public var countBurst: Int = 100
        /// Failed authentications that one peer address may have in a minute; 0 switches the limit off.
        public var failuresPerMinute: Int = 60

        public init() {}
    }

    /// How the gate ends.
    public struct Shutdown: Hashable, Sendable {
        /// Seconds that answers in flight get before they are cut.
        public var grace: Double = 30

        public init() {}
    }

    /// What the gate writes about itself.
    public struct Journal: Hashable, Sendable {
        public enum Form: String, Sendable, CaseIterable {
            case text, json
        }

        /// The least severe line that is written.
        public enum Level: String, Sendable, CaseIterable {
            case debug, info, warning, error
        }

        public var log: Form = .text
        public var level: Level = .info
        /// What the credentials daemon says more of.
        public var trace: [Trace] = []

        public init() {}
    }
}
