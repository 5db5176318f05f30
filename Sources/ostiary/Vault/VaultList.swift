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

    /// The day in UTC, as `2027-01-15` (civil calendar from days since 1970).
    private static func day(_ time: UnixTime?) -> String {
        guard let time else { return "" }
        let days = Int(time.seconds) / 86_400 + 719_468
        let era = days / 146_097
        let dayOfEra = days % 146_097
        let year = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * year + year / 4 - year / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return
            "\(year + era * 400 + (month <= 2 ? 1 : 0))-\(two(month))-\(two(dayOfYear - (153 * shifted + 2) / 5 + 1))"
    }
}
