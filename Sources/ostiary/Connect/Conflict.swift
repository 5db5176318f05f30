import OstiaryCore

/// Something on this machine that keeps a client from the gate, or has it send there what it should not. Its value is
/// never shown.
struct Conflict: Hashable {
    /// The variable's name, or the file and the setting.
    let subject: String
    let effect: String
    /// The exact next command.
    let remedy: String

    var sentence: String { "\(subject) \(effect)" }

    var json: JSONValue {
        .object(
            JSONObject(members: [
                .init(name: "subject", value: .string(subject)), .init(name: "effect", value: .string(effect)),
                .init(name: "remedy", value: .string(remedy)),
            ])
        )
    }
}

extension Conflict {
    /// What Claude Code does with each variable (Claude Code 2.1), where it is not ours.
    private static let claudeCode: [(name: String, effect: String)] = [
        ("ANTHROPIC_API_KEY", "is set: Claude Code sends it with every request, beside the helper's token"),
        ("ANTHROPIC_AUTH_TOKEN", "is set: Claude Code sends it in place of the helper's token"),
        ("ANTHROPIC_UNIX_SOCKET", "is set: Claude Code calls that socket and not the gate"),
        ("CLAUDE_CODE_USE_BEDROCK", "is set: Claude Code calls Bedrock and not the gate"),
        ("CLAUDE_CODE_USE_VERTEX", "is set: Claude Code calls Vertex and not the gate"),
        ("CLAUDE_CODE_USE_FOUNDRY", "is set: Claude Code calls Foundry and not the gate"),
        ("CLAUDE_CODE_USE_GATEWAY", "is set: Claude Code calls another gateway"),
        ("CLAUDE_CODE_GATEWAY_TOKEN", "is set: Claude Code signs in to another gateway"),
    ]

    /// Variables that come between Claude Code and the gate.
    static func ofClaudeCode(_ variables: [String: String], settings: [Setting], isLoopback: Bool) -> [Conflict] {
        var found = claudeCode.filter { !(variables[$0.name] ?? "").isEmpty }.map { known in
            Conflict(subject: known.name, effect: known.effect, remedy: "unset \(known.name)")
        }
        for setting in settings where setting.path.first == "env" {
            let name = setting.path.last ?? ""
            guard let value = variables[name], !value.isEmpty, value != setting.value?.string else { continue }
            found.append(
                Conflict(subject: name, effect: "is set to something else than the settings", remedy: "unset \(name)")
            )
        }
        return found + ofProxies(variables, isLoopback: isLoopback)
    }

    /// Variables that come between OpenAI's clients and the gate.
    static func ofOpenAI(_ variables: [String: String], url: String, isLoopback: Bool) -> [Conflict] {
        var found: [Conflict] = []
        if let value = variables["OPENAI_BASE_URL"], !value.isEmpty, value != url {
            found.append(
                Conflict(
                    subject: "OPENAI_BASE_URL",
                    effect: "is set to something else",
                    remedy: "unset OPENAI_BASE_URL"
                )
            )
        }
        // A token of a gate is what should stand there.
        let keys = ["OPENAI_API_KEY", "OPENAI_ADMIN_KEY"].filter { name in
            let value = variables[name] ?? ""
            return !value.isEmpty && !(value.hasPrefix("eyJ") && value.count { $0 == "." } == 2)
        }
        for name in keys {
            found.append(
                Conflict(
                    subject: name,
                    effect: "is set: clients send it to the gate, which has no use for it",
                    remedy: "unset \(name)"
                )
            )
        }
        for name in ["OPENAI_ORG_ID", "OPENAI_PROJECT_ID"] where !(variables[name] ?? "").isEmpty {
            found.append(
                Conflict(
                    subject: name,
                    effect: "is set: clients name that account with every request; the gate passes nothing of it on",
                    remedy: "unset \(name)"
                )
            )
        }
        return found + ofProxies(variables, isLoopback: isLoopback)
    }

    /// A proxy for the web, asked for a gate on this machine, finds its own machine instead.
    private static func ofProxies(_ variables: [String: String], isLoopback: Bool) -> [Conflict] {
        guard isLoopback else { return [] }
        let spared = (variables["NO_PROXY"] ?? variables["no_proxy"] ?? "").split(separator: ",").map {
            $0.trimmingSpaces
        }
        guard !spared.contains("*"), !spared.contains("127.0.0.1"), !spared.contains("localhost") else { return [] }
        return ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"].filter { !(variables[$0] ?? "").isEmpty }.map {
            Conflict(
                subject: $0,
                effect: "is set: clients may ask that proxy for the gate on this machine",
                remedy: "export NO_PROXY=127.0.0.1,localhost"
            )
        }
    }

    /// What another settings file of Claude Code says against ours.
    /// - Parameter wins: whether that file goes before ours.
    static func ofSettings(_ sheet: JSONSheet, in path: String, wins: Bool, settings: [Setting]) -> [Conflict] {
        var found: [Conflict] = []
        for (name, effect) in claudeCode where isSet(sheet.value(at: ["env", name])) {
            found.append(
                Conflict(
                    subject: "\(path): env.\(name)",
                    effect: effect,
                    remedy: "remove it from \(path)"
                )
            )
        }
        guard wins else { return found }
        for setting in settings {
            guard let value = sheet.value(at: setting.path), value != setting.value else { continue }
            found.append(
                Conflict(
                    subject: "\(path): \(setting.name)",
                    effect: "goes before these settings",
                    remedy: "remove it from \(path)"
                )
            )
        }
        return found
    }

    private static func isSet(_ value: JSONValue?) -> Bool {
        switch value {
        case nil, .null: false
        case .string(let text): !text.isEmpty
        default: true
        }
    }
}

extension Substring {
    fileprivate var trimmingSpaces: Substring {
        var text = self
        while text.first == " " { text.removeFirst() }
        while text.last == " " { text.removeLast() }
        return text
    }
}
