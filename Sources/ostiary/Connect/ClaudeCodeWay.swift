import ArgumentParser
import OstiaryCore
import OstiaryServer

/// How Claude Code gets what it shows the gate. None of them has a key or a token in the settings.
enum ClaudeCodeWay {
    /// A command brings a token.
    case helper(HelperCommand)
    /// A file holds a virtual key, and a command shows it.
    case keyFile(String)
    /// Its platform writes an assertion into a file, and it signs in with that by itself.
    case workload(assertionFile: String, rule: String, account: String?, organization: String)

    /// Below the five minutes that it would be otherwise, so that a token is fresh whenever one is sent.
    private static let refresh = Setting(["env", "CLAUDE_CODE_API_KEY_HELPER_TTL_MS"], "240000")

    /// The settings, in the order they are shown.
    var settings: [Setting] {
        switch self {
        case .helper(let helper): [Setting(["apiKeyHelper"], helper.line), Self.refresh]
        case .keyFile(let path): [Setting(["apiKeyHelper"], "cat \(Shell.quoted(path))"), Self.refresh]
        case .workload(let assertionFile, let rule, let account, let organization):
            [
                // A helper goes before workload identity.
                Setting(without: ["apiKeyHelper"]),
                Setting(["env", "ANTHROPIC_IDENTITY_TOKEN_FILE"], assertionFile),
                Setting(["env", "ANTHROPIC_FEDERATION_RULE_ID"], rule),
                // Claude Code does nothing without one; the gate looks at it only where its rule names one.
                Setting(["env", "ANTHROPIC_ORGANIZATION_ID"], organization),
            ] + (account.map { [Setting(["env", "ANTHROPIC_SERVICE_ACCOUNT_ID"], $0)] } ?? [])
        }
    }

    /// All that any of them may have set, for taking it back.
    static var all: [Setting] {
        let workload = ClaudeCodeWay.workload(assertionFile: "", rule: "", account: "", organization: "")
        return [Setting(["apiKeyHelper"], ""), refresh] + workload.settings.dropFirst()
    }
}

/// Which way it is to be, by the command line.
struct ClaudeCodeWayOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("a file with a virtual key, in place of ostiary token", valueName: "file"),
        completion: .file()
    )
    var keyFile: String?

    @Option(
        help: ArgumentHelp("workload identity: the file that the platform writes assertions to", valueName: "file"),
        completion: .file()
    )
    var assertionFile: String?

    @Option(help: ArgumentHelp("workload identity: the gate's trust rule", valueName: "name"))
    var rule: String?

    @Option(help: ArgumentHelp("workload identity: the principal, where the rule has several", valueName: "name"))
    var account: String?

    @Option(help: ArgumentHelp("workload identity: the organisation, where the rule names one", valueName: "id"))
    var organization = "00000000-0000-0000-0000-000000000000"

    func validate() throws {
        guard keyFile == nil || assertionFile == nil else {
            throw ValidationError("--key-file and --assertion-file are two ways. Choose one of them")
        }
        guard (assertionFile == nil) == (rule == nil) else {
            throw ValidationError("--assertion-file and --rule go together. Such as --rule ci")
        }
        for path in [keyFile, assertionFile] {
            guard let path, path.first != "/" else { continue }
            throw ValidationError("a file must be named by its whole path: Claude Code runs in other folders")
        }
    }

    /// The way that was asked for; the helper where none was.
    func way(_ helper: @autoclosure () throws -> HelperCommand) rethrows -> ClaudeCodeWay {
        if let keyFile { return .keyFile(keyFile) }
        if let assertionFile, let rule {
            return .workload(
                assertionFile: assertionFile,
                rule: rule,
                account: account,
                organization: organization
            )
        }
        return .helper(try helper())
    }
}
