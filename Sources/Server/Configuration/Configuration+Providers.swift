public import OstiaryWire

extension Configuration {
    /// Where calls can go.
    public struct Provider: Hashable, Sendable {
        public enum Kind: String, Sendable, CaseIterable {
            /// Any server that speaks OpenAI's API.
            case openai
            /// Any server that speaks Anthropic's Messages API.
            case anthropic
            /// Tinfoil's confidential inference.
            case tinfoil
            /// The built-in provider that needs no network and no account.
            case echo
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

        public init() {}

        public var isPattern: Bool { name.utf8.last == UInt8(ascii: "*") }
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
