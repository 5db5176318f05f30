import OstiaryCore
import OstiaryModels
import OstiaryWire

/// A provider as the credentials daemon knows it: where it is, and which request tells a good key from a bad one without
/// costing anything.
struct KnownProvider: Sendable {
    let id: String
    let name: String
    /// Without a slash at the end; `nil` for one that is nowhere, or that a stored key's metadata says.
    let base: String?
    let traits: ProviderTraits
    /// The provider of this name in the configuration, where it has one.
    let configured: Configuration.Provider?

    /// Whether there is no key to show it.
    var isKeyless: Bool { traits.credential == .none }

    /// The name that its key is stored under.
    var storedName: String {
        if case .vault(let name) = configured?.key { return name }
        return id
    }

    /// Those where somebody may have an account without it being in the configuration.
    static let all =
        [.openrouter, .openai, .together, .groq, .xai].map(KnownProvider.init)
        // What the daemon's clients call xAI too.
        + [KnownProvider("grok", "Grok", ProviderCatalogue.traits(of: .xai))]
        + [.anthropic, .deepseek].map(KnownProvider.init)
        + [KnownProvider("custom", "Custom Provider", ProviderCatalogue.custom(.chat))]

    /// Those that everybody knows, and those of the configuration, which come instead of them where they have one name.
    static func all(in configuration: Configuration) -> [KnownProvider] {
        let others = configuration.daemon.others.map {
            KnownProvider($0.id, $0.name, ProviderCatalogue.custom(.chat), at: $0.base)
        }
        let configured =
            others.filter { other in !configuration.providers.contains { $0.name.hasSameBytes(as: other.id) } }
            + configuration.providers.map(KnownProvider.init)
        return all.filter { known in !configured.contains { $0.id.hasSameBytes(as: known.id) } } + configured
    }

    private init(_ kind: ProviderKind) {
        let traits = ProviderCatalogue.traits(of: kind)
        self.init(kind.rawValue, traits.title, traits)
    }

    private init(_ id: String, _ name: String, _ traits: ProviderTraits, at base: String? = nil) {
        self.id = id
        self.name = name
        self.traits = traits
        self.base = base ?? traits.base
        configured = nil
    }

    private init(_ provider: Configuration.Provider) {
        let kind = ProviderKind(rawValue: provider.kind.rawValue).map(ProviderCatalogue.traits)
        let known = Self.all.first { $0.id.hasSameBytes(as: provider.name) }
        id = provider.name
        name = known?.name ?? provider.name
        base = provider.baseURL ?? kind?.base ?? known?.base
        // The public address of a provider that everybody knows is asked in the way that is known of it, whatever kind it
        // is said to be.
        if let known, base == known.base, kind?.kind != .echo {
            traits = known.traits
        } else {
            traits = kind ?? known?.traits ?? ProviderCatalogue.custom(.chat)
        }
        configured = provider
    }
}
