import ArgumentParser
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
