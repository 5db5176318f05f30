import ArgumentParser
import OstiaryCore
import OstiaryServer
import OstiaryVault

/// `ostiary vault list`
struct VaultList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "list the names of the keys; no key is shown"
    )

    @OptionGroup var place: VaultPlace

    @Flag(help: "print the list as JSON")
    var json = false

    func run() throws {
        let voice = Voice.standard
        try place.open(voice) { store in
            // What is written down beside a key is no key.
            let keys = try store.list().filter { !$0.name.text.hasSuffix(":metadata") }
            guard json else {
                return voice.print(keys.map { "\($0.name)\t\(Self.day($0.updated))\n" }.joined())
            }
            let state = try store.state()
            let list = keys.map { key in
                JSONValue.members(
                    ("name", .string(key.name.text)),
                    ("created_at", .integer(Int(key.created?.seconds ?? 0))),
                    ("updated_at", .integer(Int(key.updated?.seconds ?? 0)))
                )
            }
            let outcome = JSONValue.members(("generation", .integer(state.generation)), ("keys", .array(list)))
            voice.print(JSONText.pretty(outcome) + "\n")
        }
    }

    /// The day in UTC.
    private static func day(_ time: UnixTime?) -> String {
        time.map { CivilDate(daysSince1970: Int(max(0, $0.seconds)) / 86_400).description } ?? ""
    }
}
