public import OstiaryCore

/// How one key fares, for the operator. Holds nothing of the key.
public struct KeyStatus: Hashable, Sendable {
    public enum State: String, Hashable, Sendable, CaseIterable {
        /// It is lent.
        case good
        /// It is lent although its time is over, as its source gives no other.
        case stale
        /// A provider has said that it wants to be asked less under it; it rests where others can do its work.
        case throttled
        /// A provider has refused it, and its source gives no other.
        case refused
        /// There is none: it could not be read yet, or its time is over.
        case missing
    }

    /// The name that the key is lent under: its provider's.
    public let name: String
    /// Which of that provider's keys; 0 for the first.
    public let index: Int
    /// The kind of its source, such as `file`.
    public let source: String
    /// The source's name or path, for people.
    public let place: String
    public let state: State
    /// When its source says that it ends, or its `ttl` does; `nil` for a key without an end.
    public let expiresAt: UnixTime?
    /// When it was last read successfully.
    public let lastRefresh: UnixTime?
    /// Why it could not be read the last time; `nil` after a success.
    public let lastError: String?
    /// Successful readings, the first one included.
    public let refreshes: Int
    /// Readings that failed.
    public let failures: Int
}

/// What came of reading a key again.
public enum RefreshOutcome: Hashable, Sendable {
    /// There is another key now.
    case changed
    /// It is the same one.
    case same
    /// It could not be read. What was there before stays, for as long as it may.
    case failed(SourceFault)
}

/// What the operator should hear of at once. Never holds anything of a key.
public enum KeyNotice: Hashable, Sendable {
    /// A source gave another key.
    case changed(KeyLabel)
    /// A key could not be read.
    case refreshFailed(KeyLabel, SourceFault)
    /// A key is lent although its time is over.
    case stale(KeyLabel)
    /// A provider refuses the key, and its source gives no other: somebody has to do something.
    case refused(KeyLabel)
    /// A key that was refused is taken again.
    case accepted(KeyLabel)
}

/// Which key is meant.
public struct KeyLabel: Hashable, Sendable {
    /// The name that it is lent under.
    public let name: String
    public let index: Int
    /// The source's name or path.
    public let place: String
}
