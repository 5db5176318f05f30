import OstiaryModels

extension Configuration {
    /// The names by which the authentication manager of Claude Code knows a key of Anthropic's.
    static let claudeVariables: [Variable] = [
        Variable(
            name: "CLAUDE_API_KEY",
            help: "the key of Anthropic's own address, for a provider of the kind anthropic that names none; where the "
                + "file has no providers, one named `anthropic` is made"
        ),
        Variable(
            name: "ANTHROPIC_API_KEY",
            help: "the same for such a provider, where CLAUDE_API_KEY is not set; else `~/.claude/api_key`"
        ),
        Variable(
            name: "CLAUDE_AUTH_REFRESH_INTERVAL",
            help: "how often the keys of such providers are read again, where `ttl` does not say it: seconds, or a "
                + "duration; keys in variables and in the gate's own store are never read again"
        ),
    ]

    /// Applies `claudeVariables`. A key that was given for Anthropic goes to Anthropic's own address alone.
    mutating func applyClaudeVariables(_ reading: inout Reading, _ surroundings: Surroundings) {
        func isGiven(_ name: String) -> Bool { reading.variables[name].map { !$0.isEmpty } ?? false }
        if providers.isEmpty, isGiven("CLAUDE_API_KEY") {
            var provider = Provider()
            provider.name = "anthropic"
            provider.kind = .anthropic
            providers = [provider]
            reading.path = ["providers", "anthropic"]
            reading.note(.variable("CLAUDE_API_KEY"))
            reading.path = []
        }
        let interval = About(name: "ttl", help: "", environment: "CLAUDE_AUTH_REFRESH_INTERVAL")
        var seconds: Double?
        if let (text, place) = reading.given(interval) {
            seconds = reading.parse(Written(text), as: Form.duration(1...86_400), at: place)
        }
        let file = reading.variables["HOME"].map { "\($0)/.claude/api_key" }
        for index in providers.indices where providers[index].isAtAnthropic {
            let path = ["providers", providers[index].name]
            let names = ["key", "keys"].contains { reading.place(of: path + [$0]) != nil }
            if providers[index].places.isEmpty, !names {
                if let variable = ["CLAUDE_API_KEY", "ANTHROPIC_API_KEY"].first(where: isGiven) {
                    providers[index].key = .environment(variable)
                } else if let file, surroundings.look(file) == .file {
                    providers[index].key = .file(file)
                }
            }
            guard let seconds else { continue }
            if var place = providers[index].place, place.mayBeReadAgain {
                place.ttl = place.ttl ?? seconds / place.refreshAt
                providers[index].place = place
            }
            for key in providers[index].keys.indices where providers[index].keys[key].mayBeReadAgain {
                let place = providers[index].keys[key]
                providers[index].keys[key].ttl = place.ttl ?? seconds / place.refreshAt
            }
        }
    }
}

extension Configuration.Provider {
    /// Whether it is Anthropic itself.
    fileprivate var isAtAnthropic: Bool {
        guard kind == .anthropic else { return false }
        guard let baseURL else { return true }
        return WebURL(baseURL).map { ProxyHost($0).name == "anthropic" && $0.isSecure } ?? false
    }
}

extension Configuration.KeyPlace {
    /// Whether another reading may give another key, and nobody else tells the gate so.
    fileprivate var mayBeReadAgain: Bool {
        if case .environment = from { return false }
        return !isStored
    }
}
