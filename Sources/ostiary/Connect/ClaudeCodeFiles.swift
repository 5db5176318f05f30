import OstiaryServer

/// Where Claude Code's settings lie, in the order in which one goes before the other: managed, local, project, user.
struct ClaudeCodeFiles {
    let variables: [String: String]
    /// The operator's, who cannot be overruled.
    var managed = "/etc/claude-code/managed-settings.json"

    init(variables: [String: String]) {
        self.variables = variables
    }

    func path(_ scope: ConnectClaudeCode.Scope) -> String {
        switch scope {
        case .user:
            if let folder = variables["CLAUDE_CONFIG_DIR"], !folder.isEmpty { return "\(folder)/settings.json" }
            return "\(home)/.claude/settings.json"
        case .project: return ".claude/settings.json"
        case .local: return ".claude/settings.local.json"
        }
    }

    /// The file of a scope. One of a project must lie in it: a checkout brings links that its author made.
    func file(_ scope: ConnectClaudeCode.Scope) throws(SettingsFile.Refusal) -> SettingsFile {
        try SettingsFile(path(scope), within: scope == .user ? nil : ".")
    }

    /// Everything that comes between Claude Code and the gate, from the environment and from other settings files.
    func conflicts(with settings: [Setting], in scope: ConnectClaudeCode.Scope, isLoopback: Bool) -> [Conflict] {
        var found = Conflict.ofClaudeCode(variables, settings: settings, isLoopback: isLoopback)
        let order = [managed, path(.local), path(.project), path(.user)]
        let own = order.firstIndex(of: path(scope)) ?? order.count
        // In the home folder the project's file is the user's own.
        var seen = Set((try? file(scope).target).map { [$0] } ?? [])
        for (index, path) in order.enumerated() {
            let target = (try? SettingsFile(path).target) ?? path
            guard index == own || seen.insert(target).inserted else { continue }
            guard let bytes = Machine.surroundings.read(path, SettingsFile.largest),
                let sheet = try? JSONSheet(bytes)
            else { continue }
            found += Conflict.ofSettings(sheet, in: shown(path), wins: index < own, settings: settings)
        }
        return found
    }

    private var home: String { variables["HOME"] ?? "" }

    /// With `~` for the home folder.
    func shown(_ text: String) -> String {
        home.utf8.count > 1 ? text.replacing(home + "/", with: "~/") : text
    }
}
