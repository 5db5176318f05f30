public import OstiaryCore

/// What became of a reload.
public struct ReloadReport: Hashable, Sendable {
    public enum Outcome: String, Sendable, CaseIterable {
        /// The configuration is in force.
        case applied
        /// A dry run found nothing wrong.
        case good
        /// The configuration has faults; nothing has changed.
        case refused
        /// The configuration is sound, but a key, a file or a port could not be had; nothing has changed.
        case failed
        /// The gate is going down, or too many reloads wait already; nothing was read.
        case turnedAway = "turned_away"
    }

    public var outcome: Outcome
    /// The generation in force now.
    public var generation: Int
    /// The digest of its configuration.
    public var digest: String
    /// The keys that differ from before; at most `mostNamed` of them.
    public var changed: [String] = []
    /// How many keys differ.
    public var changedCount = 0
    /// The keys whose new values take effect after a restart only.
    public var waiting: [String] = []
    public var warnings: [String] = []
    public var faults: [Configuration.Fault] = []
    /// Why it failed or was turned away: a sentence for the operator, perhaps with a hint.
    public var reason: String?
    public var hint: String?
    public var seconds = 0.0

    static let mostNamed = 100

    init(_ outcome: Outcome, _ generation: Generation) {
        self.outcome = outcome
        self.generation = generation.number
        digest = generation.digest
        waiting = generation.waiting
    }

    mutating func setChanged(_ keys: [String]) {
        changedCount = keys.count
        changed = Array(keys.prefix(Self.mostNamed))
    }

    /// The status of the answer to `POST /reload`.
    var status: Int {
        switch outcome {
        case .applied, .good: 200
        case .refused, .failed: 422
        case .turnedAway: 503
        }
    }

    /// Whether everything is as the configuration says, or would be.
    public var isGood: Bool { outcome == .applied || outcome == .good }
}

extension ReloadReport {
    public var json: JSONValue {
        .members(
            ("outcome", .string(outcome.rawValue)),
            ("generation", .integer(generation)),
            ("digest", .string(digest)),
            ("changed", .array(changed.map { .string($0) })),
            ("changed_count", .integer(changedCount)),
            ("waiting_for_restart", .array(waiting.map { .string($0) })),
            ("warnings", .array(warnings.map { .string($0) })),
            ("faults", .array(faults.map(\.json))),
            ("reason", reason.map { .string($0) } ?? .null),
            ("hint", hint.map { .string($0) } ?? .null),
            ("seconds", .number(JSONNumber(text: "\((seconds * 1e6).rounded() / 1e6)")))
        )
    }

    /// Reads what `json` writes; `nil` for anything else.
    public init?(_ json: JSONValue) {
        guard let object = json.object,
            let outcome = object["outcome"]?.string.flatMap(Outcome.init),
            let generation = object["generation"]?.number?.int,
            let digest = object["digest"]?.string
        else { return nil }
        func texts(_ name: String) -> [String] { object[name]?.array?.compactMap(\.string) ?? [] }
        self.outcome = outcome
        self.generation = generation
        self.digest = digest
        changed = texts("changed")
        changedCount = object["changed_count"]?.number?.int ?? changed.count
        waiting = texts("waiting_for_restart")
        warnings = texts("warnings")
        faults = object["faults"]?.array?.compactMap(Configuration.Fault.init) ?? []
        reason = object["reason"]?.string
        hint = object["hint"]?.string
        seconds = object["seconds"]?.number.flatMap { Double($0.text) } ?? 0
    }
}
