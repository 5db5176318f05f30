import ArgumentParser
import OstiaryCore
import OstiaryServer

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// How carefully somebody's settings are changed: shown, asked for, and taken back.
struct ChangeCare: ParsableArguments {
    @Flag(help: "take the change back")
    var undo = false

    @Flag(help: "do not ask")
    var yes = false

    @Flag(help: "show what would change, and change nothing")
    var dryRun = false

    @Flag(help: "print the outcome as JSON; with --yes or --dry-run")
    var json = false

    /// Runs `body` and says why a file is left as it is.
    static func telling(_ voice: Voice, shown: (String) -> String, _ body: () throws -> Void) throws {
        do {
            try body()
        } catch let refusal as SettingsFile.Refusal {
            voice.error(AnswerStream.plain(shown(refusal.message)))
            if let hint = refusal.hint { voice.hint(AnswerStream.plain(shown(hint))) }
            switch refusal.kind {
            case .content: throw Status.data
            case .system: throw Status.system
            case .nothing: throw Status.nothing
            }
        }
    }

    /// A change of a file, as it is shown.
    struct Shown {
        /// The file, as its reader sees it and as it is.
        let path: String
        let wholePath: String
        /// What changes, as lines of a difference and as JSON; empty where nothing does.
        let lines: [String]
        let changes: [JSONValue]
        let conflicts: [Conflict]
        /// The command that takes it back.
        let undoing: String
    }

    /// Shows a change, asks, has it done and says so, each as far as it was wished.
    func carry(
        _ shown: Shown,
        _ voice: Voice,
        _ carryOut: () throws(SettingsFile.Refusal) -> Void
    ) throws {
        let path = AnswerStream.plain(shown.path)
        // Where nothing of ours is left to change, there is still a backup to put away.
        let isNeeded = !shown.lines.isEmpty || undo
        if !json {
            let lines =
                isNeeded ? [(dryRun ? "would change " : "") + path] + shown.lines : ["\(path): nothing to change"]
            for line in lines { voice.print(AnswerStream.plain(line) + "\n") }
            voice.warn(of: shown.conflicts)
        }
        let isDone = isNeeded && !dryRun
        if isDone {
            if !yes { try Self.agree("\(undo ? "restore" : "change") \(path)?", voice) }
            try carryOut()
        }
        if json { return voice.print(outcome(shown, isDone: isDone)) }
        guard isDone else { return }
        voice.print(undo ? "restored\n" : "done; this takes it back: \(shown.undoing)\n")
    }

    private func outcome(_ shown: Shown, isDone: Bool) -> String {
        let outcome = JSONObject(members: [
            .init(name: "file", value: .string(shown.wholePath)), .init(name: "changed", value: .bool(isDone)),
            .init(name: "changes", value: .array(shown.changes)),
            .init(name: "conflicts", value: .array(shown.conflicts.map(\.json))),
        ])
        return JSONText.pretty(.object(outcome)) + "\n"
    }

    /// Asks whoever sits there.
    static func agree(_ question: String, _ voice: Voice) throws {
        guard isatty(STDIN_FILENO) == 1, isatty(STDERR_FILENO) == 1 else {
            voice.error("nobody is here to ask")
            voice.hint("add --yes to change it, or --dry-run to change nothing")
            throw Status.usage
        }
        voice.ask("\(question) [y/N] ")
        guard let answer = readLine()?.lowercased(), ["y", "yes"].contains(answer) else {
            voice.error("nothing was changed")
            throw Status.declined
        }
    }
}
