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
    private var yes: Bool { care.yes }
    private var dryRun: Bool { care.dryRun }
    private var json: Bool { care.json }

    func validate() throws {
        if json && !yes && !dryRun { throw ValidationError("--json asks nobody. Add --yes or --dry-run") }
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
        let path = AnswerStream.plain(files.shown(connection.file.path))
        // Where nothing of ours is left to change, there is still a backup to put away.
        let isNeeded = !plan.changes.isEmpty || undo
        if !json {
            for line in isNeeded
                ? [(dryRun ? "would change " : "") + path] + plan.changes.flatMap(\.lines)
                : ["\(path): nothing to change"]
            {
                voice.print(AnswerStream.plain(line) + "\n")
            }
            voice.warn(of: conflicts)
            if !undo, !GateURL.servesMessages {
                voice.warn("this version of the gate does not serve Claude Code's API, /v1/messages, yet")
            }
        }
        var isDone = false
        if isNeeded, !dryRun {
            if !yes { try ChangeCare.agree("\(undo ? "restore" : "change") \(path)?", voice) }
            try undo ? connection.carryOutUndoing(plan) : connection.carryOut(plan)
            isDone = true
        }
        if json { return voice.print(outcome(connection.file.path, plan, conflicts, isDone: isDone)) }
        guard isDone else { return }
        voice.print(undo ? "restored\n" : "done; this takes it back: \(undoing)\n")
    }

    private var undoing: String {
        "ostiary connect claude-code" + (scope == .user ? "" : " --scope \(scope.rawValue)") + " --undo"
    }

    private func outcome(_ path: String, _ plan: Connection.Plan, _ conflicts: [Conflict], isDone: Bool) -> String {
        let outcome = JSONObject(members: [
            .init(name: "file", value: .string(path)), .init(name: "changed", value: .bool(isDone)),
            .init(name: "changes", value: .array(plan.changes.map(\.json))),
            .init(name: "conflicts", value: .array(conflicts.map(\.json))),
        ])
        return JSONText.pretty(.object(outcome)) + "\n"
    }
}
