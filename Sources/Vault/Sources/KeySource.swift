public import OstiaryCore

/// A place where keys lie: one kind of source reference, `kind:argument`.
///
/// A new kind is one file with a type like this and one line in `All.swift`. An implementer must
/// - refuse in `init` what can never work, without repeating the argument unless it is surely a name and no key;
/// - read in `fetch`, which may block its thread, ends when its task is cancelled, and is never called on a loop;
/// - keep no copy of the key, and never put it into a `String`, an error or a warning.
public protocol KeySource: Hashable, Sendable {
    /// The word before the colon.
    static var kind: String { get }
    /// How a reference is written, for help and errors.
    static var form: String { get }

    /// What the source is called in errors and warnings: its name or path.
    var label: String { get }

    /// Reads the key as it lies there, line end included.
    func fetch(_ surroundings: Surroundings) async throws(SourceFault) -> KeyMaterial

    /// Whether one line end behind the key belongs to the place and not to the key.
    static var trimsLineEnd: Bool { get }

    /// Seconds for which a key is good where neither the operator nor the source says; `nil` for ever.
    static var standardTTL: Double? { get }

    /// The variables that it may want whenever it reads. None of them may hold a secret, as they are kept as text.
    var variables: [String] { get }
}

extension KeySource {
    public static var standardTTL: Double? { nil }
    public var variables: [String] { [] }
}

/// A source on this machine that answers at once: read at start and at reload, where a fault of it stops everything.
public protocol LocalKeySource: KeySource {
    init(argument: String) throws(SourceFault)

    /// Reads the key as it lies there, line end included. May block for a moment.
    func read(_ surroundings: Surroundings) throws(SourceFault) -> KeyMaterial
}

extension LocalKeySource {
    public func fetch(_ surroundings: Surroundings) async throws(SourceFault) -> KeyMaterial {
        try read(surroundings)
    }
}

/// What sources may look at besides the file system.
public struct Surroundings: Sendable {
    /// The process's environment, handed in by whoever read it.
    public let environment: [String: String]
    /// The variables that were taken out of it, since they hold secrets.
    public let kept: KeptVariables?

    /// The gate's own store, where one is configured.
    public let store: (any Store)?

    public init(environment: [String: String], kept: KeptVariables? = nil, store: (any Store)? = nil) {
        self.environment = environment
        self.kept = kept
        self.store = store
    }

    /// What may be looked at for as long as the gate runs: of the environment, which may hold secrets, these variables.
    func keeping(_ variables: [String]) -> Surroundings {
        Surroundings(environment: environment.filter { variables.contains($0.key) }, kept: kept, store: store)
    }
}

/// A key as read, with what an operator should know about the place.
public struct KeyMaterial: ~Copyable, Sendable {
    let secret: Secret
    let warning: SourceWarning?
    /// Seconds for which the source says that it is good.
    let life: Double?
    /// When the source says that it ends.
    let expires: UnixTime?

    public init(
        _ secret: consuming Secret,
        warning: SourceWarning? = nil,
        life: Double? = nil,
        expires: UnixTime? = nil
    ) {
        self.secret = secret
        self.warning = warning
        self.life = life
        self.expires = expires
    }
}
