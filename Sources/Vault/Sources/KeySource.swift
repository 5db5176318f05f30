public import OstiaryCore

/// A place where keys lie: one kind of source reference, `kind:argument`.
///
/// A new kind is one file with a type like this and one line in `All.swift`. An implementer must
/// - refuse in `init` what can never work, without repeating the argument unless it is surely a name and no key;
/// - read in `read`, which may block and is called at start and at reload, never while a request waits;
/// - keep no copy of the key, and never put it into a `String`, an error or a warning.
public protocol KeySource: Sendable {
    /// The word before the colon.
    static var kind: String { get }
    /// How a reference is written, for help and errors.
    static var form: String { get }

    init(argument: String) throws(SourceFault)

    /// What the source is called in errors and warnings: its name or path.
    var label: String { get }

    /// Reads the key as it lies there, line end included.
    func read(_ surroundings: Surroundings) throws(SourceFault) -> KeyMaterial

    /// Whether one line end behind the key belongs to the place and not to the key.
    static var trimsLineEnd: Bool { get }
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
}

/// A key as read, with what an operator should know about the place.
public struct KeyMaterial: ~Copyable, Sendable {
    let secret: Secret
    let warning: SourceWarning?

    public init(_ secret: consuming Secret, warning: SourceWarning? = nil) {
        self.secret = secret
        self.warning = warning
    }
}
