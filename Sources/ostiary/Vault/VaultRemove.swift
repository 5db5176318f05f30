import ArgumentParser
import OstiaryServer
import OstiaryVault

/// `ostiary vault remove`
struct VaultRemove: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "forget a key; the backup holds it until the next change"
    )

    @Argument(help: "the key's name")
    var name: String

    @OptionGroup var place: VaultPlace

    @Flag(help: "tell whether it is there and remove nothing")
    var dryRun = false

    func run() throws {
        let voice = Voice.standard
        try place.open(voice) { store in
            let name = try StoredName(name)
            let isThere = try dryRun ? store.list().contains { $0.name == name } : store.remove(name)
            guard isThere else {
                voice.error("there is no key \(name) in the store")
                throw Status.usage
            }
            voice.print("\(dryRun ? "would remove" : "removed") \(name)\n")
        }
    }
}
