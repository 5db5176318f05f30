import OstiaryModels
import OstiaryWire

extension Configuration {
    /// This configuration as that of a proxy for one provider: `ostiary serve --proxy`. Callers, limits and journal stay
    /// what they are; the rest comes from the variables that the proxy of Claude-Throne has, as far as they make sense
    /// here:
    ///
    /// | variable | says |
    /// | --- | --- |
    /// | `ANTHROPIC_PROXY_BASE_URL` | where the provider is; OpenRouter by default |
    /// | `ANTHROPIC_PROXY_PROVIDER` | its name; by default the one that its host has here |
    /// | `PORT` | the port on 127.0.0.1; 3000 by default |
    /// | `REASONING_MODEL`, `COMPLETION_MODEL` | which models stand for the names of Claude |
    /// | `DEBUG` | more in the log |
    /// | `API_KEY_FILE` | a file with the key; else the provider's own variable, such as `OPENROUTER_API_KEY` |
    ///
    /// - Throws: what cannot be understood, all at once.
    func asProxy(_ variables: [String: String]) throws(Faults) -> Configuration {
        var faults: [Fault] = []
        func fault(_ name: String, _ message: String) {
            faults.append(Fault(place: .nowhere, message: "variable `\(name)` \(message)", hint: nil))
        }
        func value(_ name: String) -> String? { variables[name].flatMap { $0.isEmpty ? nil : $0 } }

        var proxy = self
        if let text = value("PORT"), UInt16(text) == nil { fault("PORT", "must be a port") }
        proxy.listen = Listen()
        proxy.listen.workers = listen.workers
        proxy.listen.limits = listen.limits
        proxy.listen.address = Address(host: "127.0.0.1", port: value("PORT").flatMap { UInt16($0) } ?? 3000)
        // Its own admin door is for nobody: the gate that started it tells what there is to tell.
        proxy.admin = Admin()
        proxy.admin.address = Address(host: "127.0.0.1", port: 0)
        proxy.daemon = Daemon()
        // Taken out of the environment by the gate that starts this one; pseudonyms in the two logs then differ.
        if case .environment(let name) = identity.hashKey, value(name) == nil { proxy.identity.hashKey = nil }
        if ["1", "true"].contains(value("DEBUG")) { proxy.journal.level = .debug }

        let wanted = value("ANTHROPIC_PROXY_PROVIDER")
        var provider = providers.first { $0.name == wanted } ?? Provider()
        let isConfigured = !provider.name.isEmpty
        if let text = value("ANTHROPIC_PROXY_BASE_URL") ?? (isConfigured ? nil : ProxyHost.openRouter) {
            guard let url = WebURL(text), url.query == nil else {
                fault("ANTHROPIC_PROXY_BASE_URL", "must be an http or https URL without a query")
                throw Faults(all: faults)
            }
            let host = ProxyHost(url)
            if !isConfigured {
                provider.name = wanted ?? host.name
                provider.kind = host.kind
            }
            provider.baseURL = url.withoutTrailingSlash
            if provider.key == nil {
                provider.key = host.variables.first { value($0) != nil }.map { .environment($0) }
            }
        }
        if let path = value("API_KEY_FILE") { provider.key = .file(path) }
        if provider.kind != .echo, provider.key == nil {
            fault("API_KEY_FILE", "names no file with the key of \(Reading.printable(provider.name))")
        }
        guard faults.isEmpty else { throw Faults(all: faults) }
        proxy.providers = [provider]
        proxy.models = Self.proxyModels(of: provider.name, completion: nil, reasoning: nil)
        if case .vault = provider.key {} else { proxy.vault = Vault() }
        return proxy
    }

    /// Has the two models of a proxy stand for the names of Claude. Behind the checks: a file may not give a pattern one
    /// name, as that is mostly a mistake there; here it is what was asked for.
    mutating func settleProxyModels(_ variables: [String: String]) {
        func value(_ name: String) -> String? { variables[name].flatMap { $0.isEmpty ? nil : $0 } }
        guard let provider = providers.first else { return }
        models = Self.proxyModels(
            of: provider.name,
            completion: value("COMPLETION_MODEL"),
            reasoning: value("REASONING_MODEL")
        )
    }

    /// Claude Code always names a model, so the two models of the proxy stand for those names: the larger ones for the
    /// reasoning one, which also answers for the others where much thought is asked for. Any other name is passed on.
    static func proxyModels(of provider: String, completion: String?, reasoning: String?) -> [Model] {
        var models: [Model] = []
        func add(_ name: String, _ upstream: String?, thinking: String? = nil) {
            guard !models.contains(where: { $0.name == name }) else { return }
            var model = Model()
            model.name = name
            model.provider = provider
            model.upstream = upstream
            model.reasoning = thinking
            models.append(model)
        }
        for name in [completion, reasoning].compactMap({ $0 }) { add(name, name) }
        if let large = reasoning ?? completion {
            for pattern in ["claude-opus-*", "claude-3-opus-*"] { add(pattern, large) }
        }
        if let usual = completion ?? reasoning {
            add("claude-*", usual, thinking: reasoning == usual ? nil : reasoning)
        }
        add("*", nil)
        return models
    }
}

/// What the host of a provider says about it, as the proxy of Claude-Throne reads it.
struct ProxyHost {
    static let openRouter = "https://openrouter.ai/api/v1"

    let name: String
    let kind: Configuration.Provider.Kind
    /// Where its key may lie.
    let variables: [String]

    init(_ url: WebURL) {
        let host = url.host
        func isAt(_ name: String) -> Bool { host == name || host.hasSuffix("." + name) }
        let known: (name: String, isAnthropic: Bool, variables: [String]) =
            if isAt("openrouter.ai") {
                ("openrouter", false, ["OPENROUTER_API_KEY"])
            } else if isAt("api.openai.com") {
                ("openai", false, ["OPENAI_API_KEY"])
            } else if isAt("together.ai") || isAt("together.xyz") {
                ("together", false, ["TOGETHER_API_KEY"])
            } else if isAt("deepseek.com") {
                ("deepseek", true, ["DEEPSEEK_API_KEY"])
            } else if isAt("z.ai") {
                ("glm", true, ["GLM_API_KEY", "ZAI_API_KEY"])
            } else if isAt("anthropic.com") {
                ("anthropic", true, ["ANTHROPIC_API_KEY"])
            } else if isAt("x.ai") {
                ("grok", false, ["GROK_API_KEY", "XAI_API_KEY"])
            } else {
                ("custom", url.path.hasSuffix("/anthropic"), ["CUSTOM_API_KEY", "API_KEY"])
            }
        name = known.name
        variables = known.variables
        // What a host speaks that nobody knows is asked of itself.
        kind = known.isAnthropic ? .anthropic : known.name == "custom" ? .custom : .openai
    }
}
