import ArgumentParser
import OstiaryCore
import OstiaryIdentity
import OstiaryServer

/// `ostiary keys list`
struct KeysList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "list the keys: name, state, day of expiry, day of last use",
        discussion: "no key is shown; it could not be, as the file does not hold any"
    )

    @OptionGroup var place: KeysPlace

    @Flag(help: "print the list as JSON")
    var json = false

    func run() throws {
        let voice = Voice.standard
        let now = SystemClock().now
        try place.run(voice) { file in
            let records = try file.read()?.records ?? []
            let uses = file.uses()
            guard json else {
                return voice.print(
                    records.map { record in
                        [
                            record.name, record.state(at: now).rawValue, record.expires.map(KeyTelling.day) ?? "never",
                            uses[record.name].map(KeyTelling.day) ?? "unused",
                        ].joined(separator: "\t") + "\n"
                    }.joined()
                )
            }
            let list = records.map { JSONValue.object(KeyTelling.json($0, used: uses[$0.name], at: now)) }
            voice.print(JSONText.pretty(.members(("keys", .array(list)))) + "\n")
        }
    }
}
