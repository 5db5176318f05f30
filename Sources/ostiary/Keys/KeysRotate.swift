import ArgumentParser
import OstiaryCore
import OstiaryIdentity
import OstiaryServer

/// `ostiary keys rotate`
struct KeysRotate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate",
        abstract: "give a key another text and show that, this once",
        discussion: """
            name, scopes, models, limits and expiry stay. The text of before ends at once, or after --overlap, so that \
            clients can be changed one after the other

              ostiary keys rotate ci --config ostiary.yaml --overlap 1h > key.txt
            """
    )

    @Argument(help: "the key's name")
    var name: String

    @OptionGroup var place: KeysPlace

    @Option(help: "how long the text of before is still good: a number with s, m, h or d")
    var overlap = "0s"

    @Flag(help: "print the key and what it is for as JSON")
    var json = false

    @Flag(help: "check everything and change nothing")
    var dryRun = false

    func validate() throws {
        guard KeyTelling.seconds(overlap).map({ (0...2_592_000).contains($0) }) == true else {
            throw ValidationError("--overlap must be from 0s to 30d. Such as 1h")
        }
    }

    func run() throws {
        let voice = Voice.standard
        let now = SystemClock().now
        let seconds = Int(KeyTelling.seconds(overlap) ?? 0)
        try place.run(voice) { file in
            let fresh = FreshKey()
            let record = try file.update(isDryRun: dryRun) { (document) throws(KeyDocument.Fault) in
                try document.rotate(name, key: fresh.secret, overlap: seconds, at: now)
                return try document.record(name)
            }
            let end = seconds == 0 ? "ends at once" : "is good for \(overlap) more"
            if dryRun { return voice.print("would give \(name) another key; the one of before \(end)\n") }
            fresh.tell(record, json: json)
            voice.hint("the key is shown this once; the one of before \(end)")
        }
    }
}
