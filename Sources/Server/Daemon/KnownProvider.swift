import OstiaryCore
import OstiaryModels
import OstiaryWire

/// A provider as the credentials daemon knows it: where it is, and which request tells a good key from a bad one without
/// costing anything.
struct KnownProvider: Sendable {
    /// How a key is shown to it.
    enum Credential: Sendable {
        /// `Authorization: Bearer`.
        case bearer
        /// `x-api-key`.
        case apiKey
        /// It has none.
        case none
    }

    let id: String
    let name: String
    /// Without a slash at the end; `nil` for one that is nowhere, or that a stored key's metadata says.
    var base: String?
    /// Behind `base`.
    var testPath: String = "/models"
    var credential: Credential = .bearer
    /// Fields that it wants besides.
    var fields: [(name: String, value: String)] = []
    /// The provider of this name in the configuration, where it has one.
    var configured: Configuration.Provider?

    /// The name that its key is stored under.
    var storedName: String {
        if case .vault(let name) = configured?.key { return name }
        return id
    }

    /// Whether somebody may have an account there without it being in the configuration.
    static let all: [KnownProvider] = [
        // Its list of models needs no key, so it would call every key good.
        KnownProvider(id: "openrouter", name: "OpenRouter", base: "https://openrouter.ai/api/v1", testPath: "/key"),
        KnownProvider(id: "openai", name: "OpenAI", base: "https://api.openai.com/v1"),
        KnownProvider(id: "together", name: "Together AI", base: "https://api.together.xyz/v1"),
        KnownProvider(id: "groq", name: "Groq", base: "https://api.groq.com/openai/v1"),
        KnownProvider(id: "xai", name: "xAI", base: "https://api.x.ai/v1"),
        KnownProvider(id: "grok", name: "Grok", base: "https://api.x.ai/v1"),
        KnownProvider(
            id: "anthropic",
            name: "Anthropic",
            base: "https://api.anthropic.com/v1",
            credential: .apiKey,
            fields: [("anthropic-version", "2023-06-01")]
        ),
        KnownProvider(id: "deepseek", name: "DeepSeek", base: "https://api.deepseek.com"),
        KnownProvider(id: "custom", name: "Custom Provider"),
    ]

    /// Those that everybody knows, and those of the configuration, which come instead of them where they have one name.
    static func all(in configuration: Configuration) -> [KnownProvider] {
        let others = configuration.daemon.others.map { KnownProvider(id: $0.id, name: $0.name, base: $0.base) }
        let configured =
            others.filter { other in !configuration.providers.contains { $0.name.hasSameBytes(as: other.id) } }
            + configuration.providers.map(KnownProvider.init)
        return all.filter { known in !configured.contains { $0.id.hasSameBytes(as: known.id) } } + configured
    }

    private init(_ provider: Configuration.Provider) {
        let traits = ProviderKind(rawValue: provider.kind.rawValue).map(ProviderCatalogue.traits)
        let known = Self.all.first { $0.id.hasSameBytes(as: provider.name) }
        id = provider.name
        name = known?.name ?? provider.name
        base = provider.baseURL ?? traits?.base ?? known?.base
        configured = provider
        guard let traits, traits.kind != .echo else {
            credential = .none
            return
        }
        fields = traits.fixedFields.map { ($0.name.lowercased(), $0.value) }
        // The public address of a provider that everybody knows is asked in the way that is known of it.
        if let known, base == known.base {
            testPath = known.testPath
            credential = known.credential
            fields = known.fields
        }
    }

    private init(
        id: String,
        name: String,
        base: String? = nil,
        testPath: String = "/models",
        credential: Credential = .bearer,
        fields: [(name: String, value: String)] = []
    ) {
        self.id = id
        self.name = name
        self.base = base
        self.testPath = testPath
        self.credential = credential
        self.fields = fields
    }
}
