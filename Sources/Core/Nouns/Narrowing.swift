/// What a credential may be used for, besides what its scopes say: less than its holder could ask for.
public struct Narrowing: Hashable, Sendable {
    /// Limits of its own; what is `nil` is as for everybody. Zero switches a limit off.
    public struct Limits: Hashable, Sendable {
        /// Requests a minute that flow back.
        public let requestsPerMinute: Int?
        /// The most requests at once.
        public let burst: Int?
        /// The most requests in flight.
        public let concurrent: Int?

        public init(requestsPerMinute: Int? = nil, burst: Int? = nil, concurrent: Int? = nil) {
            self.requestsPerMinute = requestsPerMinute
            self.burst = burst
            self.concurrent = concurrent
        }

        /// Whether nothing differs from everybody's.
        public var isEmpty: Bool { requestsPerMinute == nil && burst == nil && concurrent == nil }
    }

    /// What set it, as a refusal names it: `key ci`.
    public let rule: String
    /// The models that may be asked for: names, or prefixes and `*`. `nil` for all.
    public let models: [String]?
    public let limits: Limits

    public init(rule: String, models: [String]? = nil, limits: Limits = Limits()) {
        self.rule = rule
        self.models = models
        self.limits = limits
    }

    /// Whether a model of this name may be asked for. Names are compared by bytes.
    public func allows(model: String) -> Bool {
        guard let models else { return true }
        return models.contains { pattern in
            guard pattern.utf8.last == UInt8(ascii: "*") else { return pattern.hasSameBytes(as: model) }
            return model.utf8.starts(with: pattern.utf8.dropLast())
        }
    }
}
