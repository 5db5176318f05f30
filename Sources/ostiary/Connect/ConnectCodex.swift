import ArgumentParser
import OstiaryCore
import OstiaryServer

/// `ostiary connect codex`: merges what Codex needs into its `config.toml`.
struct ConnectCodex: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "codex",
        abstract: "merge what Codex needs into its config.toml",
        discussion: """
            it shows what would change, asks, and leaves the file as it was beside it; --undo restores it, byte for byte \
            where nobody else has changed the file since. The file is $CODEX_HOME/config.toml, or ~/.codex/config.toml

            Codex runs the helper by itself, every four minutes and after each 401. It reads config.toml at its start

              ostiary connect codex
              ostiary connect codex --undo
              ostiary connect codex --print
            """
    )

    @OptionGroup var place: GatePlace

    @OptionGroup var care: ChangeCare

    @Flag(help: "print what would stand there, and change nothing")
    var print = false

    func validate() throws {
        if care.json && !care.yes && !care.dryRun && !print {
            throw ValidationError("--json asks nobody. Add --yes or --dry-run")
        }
    }

    func run() throws {
        let gate = try place.gate()
        let piece = CodexPiece(base: gate.openAI, helper: try place.helper(for: "codex"))
        let voice = Voice.standard
        let conflicts =
            care.undo ? [] : Conflict.ofOpenAI(Machine.variables, url: gate.openAI, isLoopback: gate.isLoopback)
        guard !print else {
            voice.print(care.json ? Self.json(piece) : piece.text)
            return voice.warn(of: conflicts)
        }
        try ChangeCare.telling(voice, shown: Self.shown) {
            try connect(CodexConnection(try SettingsFile(Self.path), piece), conflicts, voice)
        }
    }

    private static var path: String {
        let variables = Machine.variables
        if let folder = variables["CODEX_HOME"], !folder.isEmpty { return "\(folder)/config.toml" }
        return "\(variables["HOME"] ?? "")/.codex/config.toml"
    }

    /// With `~` for the home folder.
    private static func shown(_ text: String) -> String {
        guard let home = Machine.variables["HOME"], home.utf8.count > 1 else { return text }
        return text.replacing(home + "/", with: "~/")
    }

    private func connect(_ connection: CodexConnection, _ conflicts: [Conflict], _ voice: Voice) throws {
        let plan = try care.undo ? connection.undoing() : connection.plan()
        let shown = ChangeCare.Shown(
            path: Self.shown(connection.file.path),
            wholePath: connection.file.path,
            lines: plan.lines,
            changes: plan.lines.map { .string($0) },
            conflicts: conflicts,
            undoing: "ostiary connect codex --undo"
        )
        try care.carry(shown, voice) { () throws(SettingsFile.Refusal) in
            try care.undo ? connection.carryOutUndoing(plan) : connection.carryOut(plan)
        }
    }

    private static func json(_ piece: CodexPiece) -> String {
        let members: [JSONObject.Member] = [
            .init(name: "base_url", value: .string(piece.base)),
            .init(name: "wire_api", value: .string("responses")),
            .init(name: "command", value: .array(piece.helper.words.map(JSONValue.string))),
        ]
        return JSONText.pretty(.object(JSONObject(members: members))) + "\n"
    }
}
