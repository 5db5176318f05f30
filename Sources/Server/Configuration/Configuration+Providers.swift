public import OstiaryCore
public import OstiaryModels
public import OstiaryWire

extension Configuration {
    /// Where calls can go.
    public struct Provider: Hashable, Sendable {
        public typealias Kind = ProviderKind

        /// What a server of the kind `custom` speaks.
        public enum API: String, Sendable, CaseIterable {
            case openai, anthropic
        }

        public var name: String = ""
        public var kind: Kind = .echo
        /// Absolute, without a slash at the end, query, fragment or credentials; `nil` for `echo`.
        public var baseURL: String?
        /// Where the key lies; `nil` for `echo`, and where `source` or `keys` says it.
        public var key: SecretReference?
        /// The same where a reference does not say enough.
        public var source: KeyPlace?
        /// Several keys that take turns.
        public var keys: [KeyPlace] = []
        /// Where the name in `baseURL` may lead; `nil` for what the name says by itself.
        public var addresses: AddressRules.Reach?
        public var tls: ProviderTLS = ProviderTLS()
        /// Whether HTTP/2 is offered to a provider behind TLS.
        public var http2: Bool = true
        public var timeouts: Timeouts = Timeouts()
        public var breaker: Breaker.Settings = Breaker.Settings()
        /// `nil` for what the address says, or the server itself; of the kind `custom` alone.
        public var api: API?
        /// What the server itself was found to speak (`Probing`); no key of the configuration says this.
        var probedAPI: API?
        /// What becomes of what a client asks for and the provider's dialect cannot say.
        public var onLoss: Losses.Policy = .report
        /// How often it is asked once more after a failure that passes quickly.
        public var retries: Int = 0

        public init() {}
    }

    /// How long a provider may take, in seconds.
    public struct Timeouts: Hashable, Sendable {
        public var connect: Double = 5
        /// From the end of the request to the head of the answer.
        public var head: Double = 300
        /// Between two pieces of an answer; 0 for as long as the provider likes.
        public var silence: Double = 0

        public init() {}
    }

    /// Whom TLS to a provider believes.
    public struct ProviderTLS: Hashable, Sendable {
        /// False only for a provider on this machine.
        public var verify: Bool = true
        /// A file with the certificates of the authority that is believed instead of the system's; `nil` for those.
        public var authority: String?

        public init() {}
    }

    /// Which model goes to which provider.
    public struct Model: Hashable, Sendable {
        /// The public name, or a pattern: a prefix and `*`, or `*` alone.
        public var name: String = ""
        /// The name of a provider that exists.
        public var provider: String = ""
        /// The name sent upstream; `nil` passes the public name on, as a pattern always does.
        public var upstream: String?
        /// Its part where `choose` is `weight`.
        public var weight: Int = 1
        /// Who answers when that provider does not, in this order, or takes a part of the calls.
        public var others: [Other] = []
        public var choose: ModelRules.Choice = .order
        /// The provider's name of the model that answers where much thought is asked for.
        public var reasoning: String?
        /// Tokens that the model reads and writes at most.
        public var context: Int?
        public var longestOutput: Int?
        /// `nil` for what the provider says.
        public var onLoss: Losses.Policy?

        public init() {}

        public var isPattern: Bool { name.utf8.last == UInt8(ascii: "*") }
    }

    /// Somebody else who may answer for a model.
    public struct Other: Hashable, Sendable {
        /// The name of a provider that exists.
        public var provider: String = ""
        /// The name sent upstream; `nil` passes the public name on.
        public var upstream: String?
        public var weight: Int = 1

        public init() {}
    }
}

extension Configuration.Provider {
    /// What the gate knows of it.
    var traits: ProviderTraits {
        guard kind == .custom else { return ProviderCatalogue.traits(of: kind) }
        return ProviderCatalogue.custom(spokenAPI == .anthropic ? .messages : .chat)
    }

    /// What a server speaks: what the operator says, or its address, or the server itself.
    var spokenAPI: API { api ?? addressAPI ?? probedAPI ?? .openai }

    /// What its address says; `nil` for nothing.
    var addressAPI: API? {
        let address = baseURL?.lowercased() ?? ""
        return address.contains("anthropic") ? .anthropic : nil
    }
}

extension Configuration.Model {
    /// What is said of it beyond provider and name; `nil` for nothing.
    var rules: ModelRules? {
        let isPlain =
            others.isEmpty && reasoning == nil && context == nil && longestOutput == nil && onLoss == nil
        guard !isPlain else { return nil }
        let first = ModelRules.Target(provider: provider, upstreamName: upstream, weight: weight)
        return ModelRules(
            targets: [first]
                + others.map { ModelRules.Target(provider: $0.provider, upstreamName: $0.upstream, weight: $0.weight) },
            choice: choose,
            reasoningName: reasoning,
            longestInput: context,
            longestOutput: longestOutput,
            onLoss: onLoss
        )
    }
}

extension Configuration.Provider {
    /// What is written at `key`.
    var place: Configuration.KeyPlace? {
        get { key.map { Configuration.KeyPlace($0) } ?? source }
        set {
            key = newValue?.plain
            source = key == nil ? newValue : nil
        }
    }

    /// All places of keys.
    var places: [Configuration.KeyPlace] { place.map { [$0] } ?? keys }
}
