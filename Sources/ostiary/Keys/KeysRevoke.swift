import ArgumentParser
import OstiaryCore
import OstiaryIdentity
import OstiaryServer

/// `ostiary keys revoke`
struct KeysRevoke: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "end a key for good",
        discussion: "a running gate refuses it within a second; its name may be had again"
    )

    @Argument(help: "the key's name")
    var name: String

    @OptionGroup var place: KeysPlace

    @Flag(help: "tell what would be ended and end nothing")
    var dryRun = false

    func run() throws {
        let voice = Voice.standard
        let now = SystemClock().now
        try place.run(voice) { file in
            let isNew = try file.update(isDryRun: dryRun) { (document) throws(KeyDocument.Fault) in
                try document.revoke(name, at: now)
            }
            guard isNew else { return voice.print("\(name) was revoked already\n") }
            voice.print("\(dryRun ? "would revoke" : "revoked") \(name)\n")
        }
    }
}
