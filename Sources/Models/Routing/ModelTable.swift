public import OstiaryCore

/// Which provider answers for which model: public names on the left, a provider and its own name for the model on the
/// right.
///
/// A key is a name or a pattern. In a pattern the last character is `*`, which stands for any characters, also none;
/// it is allowed nowhere else, so that which of two patterns is the more exact one is plain to see. A name wins over
/// every pattern, and among the matching patterns the one with the longest text before `*` wins. Names are compared by
/// bytes: case matters, and two spellings of one accented letter differ.
public struct ModelTable: Sendable {
    /// One line of `models` in the configuration.
    public struct Entry: Hashable, Sendable {
        /// The name that clients ask for, or a pattern.
        public let key: String
        /// The configured provider.
        public let provider: String
        /// What the provider calls the model; `nil` passes the client's name on. For a pattern it may end in `*`,
        /// which stands for what the pattern's `*` matched.
        public let upstreamName: String?
        /// What else is said of the model; `nil` for nothing.
        public let rules: ModelRules?

        public init(key: String, provider: String, upstreamName: String? = nil, rules: ModelRules? = nil) {
            self.key = key
            self.provider = provider
            self.upstreamName = upstreamName
            self.rules = rules
        }
    }

    private struct Pattern: Sendable {
        let prefix: [UInt8]
        let entry: Entry
    }

    private let exact: [[UInt8]: Entry]
    /// Longest prefix first.
    private let patterns: [Pattern]

    /// The names that can be listed, in the order of the configuration: patterns have none.
    public let names: [Entry]

    /// - Parameters:
    ///   - entries: the lines of the configuration.
    ///   - providers: the configured providers.
    /// - Throws: `ModelTableFaults`, with every fault found.
    public init(_ entries: [Entry], providers: some Collection<String>) throws(ModelTableFaults) {
        let faults = ModelTableFault.all(in: entries, providers: providers)
        guard faults.isEmpty else { throw ModelTableFaults(faults: faults) }
        names = entries.filter { !$0.isPattern }
        exact = Dictionary(names.map { (Array($0.key.utf8), $0) }) { first, _ in first }
        patterns = entries.filter(\.isPattern)
            .map { Pattern(prefix: Array($0.key.utf8.dropLast()), entry: $0) }
            .sorted { $0.prefix.count > $1.prefix.count }
    }

    /// The provider for the model a client names. Throws `model_not_found`, and `invalid_request` for what cannot be
    /// a name.
    public func choose(_ model: String) throws(GateError) -> ModelChoice {
        if let fault = ModelName.fault(in: model.utf8) {
            throw GateError(.invalidRequest, cause: "model_invalid", detail: "model \(fault)")
        }
        if !exact.isEmpty, let entry = exact[Array(model.utf8)] {
            return ModelChoice(
                provider: entry.provider,
                upstreamName: entry.upstreamName ?? model,
                entry: entry.key,
                rules: entry.rules
            )
        }
        guard let pattern = patterns.first(where: { model.utf8.starts(with: $0.prefix) }) else {
            throw GateError(.modelNotFound)
        }
        let name = pattern.entry.upstreamName(for: model, behind: pattern.prefix.count)
        guard ModelName.fault(in: name.utf8) == nil else { throw GateError(.modelNotFound, cause: "model_invalid") }
        return ModelChoice(
            provider: pattern.entry.provider,
            upstreamName: name,
            entry: pattern.entry.key,
            rules: pattern.entry.rules
        )
    }
}

/// Where a call goes.
public struct ModelChoice: Hashable, Sendable {
    public let provider: String
    /// What the provider calls the model.
    public let upstreamName: String
    /// The key of the entry that matched. The model's label in metrics and the journal: unlike the client's spelling
    /// it comes from a bounded list.
    public let entry: String
    /// What else is said of the model; `nil` for nothing.
    public let rules: ModelRules?

    public init(provider: String, upstreamName: String, entry: String, rules: ModelRules? = nil) {
        self.provider = provider
        self.upstreamName = upstreamName
        self.entry = entry
        self.rules = rules
    }
}

extension ModelTable.Entry {
    var isPattern: Bool { key.utf8.last == UInt8(ascii: "*") }

    fileprivate func upstreamName(for model: String, behind prefix: Int) -> String {
        guard let upstreamName else { return model }
        guard upstreamName.utf8.last == UInt8(ascii: "*") else { return upstreamName }
        return String(decoding: Array(upstreamName.utf8.dropLast()) + model.utf8.dropFirst(prefix), as: UTF8.self)
    }
}
