import ArgumentParser
import OstiaryCore
import OstiaryServer
import OstiaryVault

/// `ostiary vault import`
struct VaultImport: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "take over the sealed files of Claude-Throne",
        discussion: """
            all files are opened before the first key is written; the folder stays as it is, and holds its keys and what \
            opens them until you remove it

              ostiary vault import ~/.claude-throne --config ostiary.yaml --dry-run
            """
    )

    @Argument(help: "the folder, usually ~/.claude-throne", completion: .directory)
    var folder: String

    @OptionGroup var place: VaultPlace

    @Flag(help: "replace keys that the store has already")
    var replace = false

    @Flag(help: "tell what would be taken and write nothing")
    var dryRun = false

    func run() throws {
        let voice = Voice.standard
        try place.open(voice) { store in
            let outcome = try ClaudeThroneFolder(path: folder).move(
                into: store,
                isReplacing: replace,
                isDryRun: dryRun,
                at: SystemClock().now
            )
            for name in outcome.taken { voice.print("\(dryRun ? "would take" : "took") \(name)\n") }
            for name in outcome.left { voice.warn("\(name) is in the store already and was left as it is") }
            if !outcome.left.isEmpty { voice.hint("--replace writes over them") }
        }
    }
}
