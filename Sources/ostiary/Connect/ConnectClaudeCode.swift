import ArgumentParser
import OstiaryCore
import OstiaryServer

/// `ostiary connect claude-code`: merges what Claude Code needs into one of its settings files.
struct ConnectClaudeCode: ParsableCommand {
    enum Scope: String, ExpressibleByArgument, CaseIterable {
        case user, project, local
    }

    static let configuration = CommandConfiguration(
        commandName: "claude-code",
        abstract: "merge what Claude Code needs into its settings.json",
        discussion: """
            it shows what would change, asks, and leaves the file as it was beside it; --undo restores it, byte for byte \
            where nobody else has changed the file since

            --scope user is ~/.claude/settings.json, project .claude/settings.json, local .claude/settings.local.json

            what brings the token is ostiary token, or a file with a virtual key, or workload identity

              ostiary connect claude-code
              ostiary connect claude-code --key-file ~/.config/ostiary/key
              ostiary connect claude-code --rule ci --assertion-file /var/run/secrets/token
              ostiary connect claude-code --scope local --dry-run
              ostiary connect claude-code --undo
            """
    )

    @OptionGroup var place: GatePlace

    @OptionGroup var how: ClaudeCodeWayOptions

    @Option(help: "whose settings")
    var scope = Scope.user

    @Flag(help: "leave out what only Anthropic's models understand")
    var otherModels = false

    @OptionGroup var care: ChangeCare

    private var undo: Bool { care.undo }

    func validate() throws {
        if care.json && !care.yes && !care.dryRun {
            throw ValidationError("--json asks nobody. Add --yes or --dry-run")
        }
    }

    func run() throws {
        let gate = try place.gate()
        let way = try how.way(place.helper(for: "claude-code"))
        let files = ClaudeCodeFiles(variables: Machine.variables)
        let voice = Voice.standard
        try ChangeCare.telling(voice, shown: files.shown) {
            try connect(gate, Self.settings(gate, undo ? nil : way, otherModels: otherModels || undo), files, voice)
        }
    }

    /// The members, in the order they are shown.
    /// - Parameter way: `nil` for those of every way.
    static func settings(_ gate: GateURL, _ way: ClaudeCodeWay?, otherModels: Bool) -> [Setting] {
        var settings = way?.settings ?? ClaudeCodeWay.all
        settings.insert(Setting(["env", "ANTHROPIC_BASE_URL"], gate.anthropic), at: min(1, settings.count))
        if otherModels {
            settings.append(Setting(["env", "CLAUDE_CODE_ATTRIBUTION_HEADER"], "0"))
            settings.append(Setting(["env", "CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS"], "1"))
        }
        return settings
    }

    private func connect(_ gate: GateURL, _ settings: [Setting], _ files: ClaudeCodeFiles, _ voice: Voice) throws {
        let connection = try Connection(files.file(scope), settings)
        let plan = try undo ? connection.undoing() : connection.plan()
        let conflicts = undo ? [] : files.conflicts(with: settings, in: scope, isLoopback: gate.isLoopback)
        let shown = ChangeCare.Shown(
            path: files.shown(connection.file.path),
            wholePath: connection.file.path,
            lines: plan.changes.flatMap(\.lines),
            changes: plan.changes.map(\.json),
            conflicts: conflicts,
            undoing: undoing
        )
        try care.carry(shown, voice) { () throws(SettingsFile.Refusal) in
            try undo ? connection.carryOutUndoing(plan) : connection.carryOut(plan)
        }
    }

    private var undoing: String {
        "ostiary connect claude-code" + (scope == .user ? "" : " --scope \(scope.rawValue)") + " --undo"
    }
}
