import ArgumentParser
import OstiaryCore
import OstiaryServer
import OstiaryVault

/// `ostiary vault add`
struct VaultAdd: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "put a key into the store, in the place of one of the same name",
        discussion: """
            the key is read from standard input, or asked for on the terminal without showing it; never from the command \
            line, where everybody on the machine could read it

              ostiary vault add openai --config ostiary.yaml
              ostiary vault add openai --config ostiary.yaml < key.txt
            """
    )

    @Argument(help: "the name that vault:NAME uses")
    var name: String

    @OptionGroup var place: VaultPlace

    @Flag(help: "check everything and write nothing")
    var dryRun = false

    func run() throws {
        let voice = Voice.standard
        try place.open(voice) { store in
            let name = try StoredName(name)
            let isKnown = try store.list().contains { $0.name == name }
            guard let secret = HiddenInput.read(prompt: "key for \(name): ") else {
                throw StoreFault.unusable("standard input holds no key of one line and at most 8192 bytes")
            }
            if dryRun { return voice.print("would \(isKnown ? "replace" : "add") \(name)\n") }
            try store.write(name, secret, at: SystemClock().now)
            voice.print("\(isKnown ? "replaced" : "added") \(name)\n")
        }
    }
}
