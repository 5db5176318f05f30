import ArgumentParser
import OstiaryCore
import OstiaryIdentity
import OstiaryServer

/// `ostiary keys show`
struct KeysShow: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "tell what a key is for, until when, and when it was used last; never the key"
    )

    @Argument(help: "the key's name")
    var name: String

    @OptionGroup var place: KeysPlace

    @Flag(help: "print it as JSON")
    var json = false

    func run() throws {
        let voice = Voice.standard
        let now = SystemClock().now
        try place.run(voice) { file in
            let document = try file.read() ?? KeyDocument()
            let record: KeyRecord
            do throws(KeyDocument.Fault) { record = try document.record(name) } catch {
                throw KeysFile.Trouble.document(error)
            }
            let used = file.uses()[record.name]
            if json {
                return voice.print(JSONText.pretty(.object(KeyTelling.json(record, used: used, at: now))) + "\n")
            }
            for (name, value) in KeyTelling.lines(record, used: used, at: now) { voice.print("\(name)\t\(value)\n") }
        }
    }
}
