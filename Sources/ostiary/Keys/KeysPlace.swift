import ArgumentParser
import OstiaryCore
import OstiaryIdentity
import OstiaryServer
import OstiaryVault

/// Where the keys are, for every one of the commands.
struct KeysPlace: ParsableArguments {
    @Option(help: ArgumentHelp("the configuration that names the file", valueName: "file"), completion: .file())
    var config: String?

    @Option(help: ArgumentHelp("the file of keys, over identity.keys", valueName: "file"), completion: .file())
    var file: String?

    /// Runs `body` with the file, and tells its faults.
    func run(_ voice: Voice, _ body: (KeysFile) throws -> Void) throws {
        let path = file ?? Configuration.keysFile(of: config, surroundings: Machine.surroundings)
        guard let path else {
            voice.error("no file of keys is named")
            voice.hint("name it with --file FILE, or with --config and identity.keys: true in it")
            throw Status.usage
        }
        do {
            try body(KeysFile(path: path))
        } catch let trouble as KeysFile.Trouble {
            voice.error(trouble.description)
            if let hint = trouble.hint { voice.hint(hint) }
            switch trouble {
            case .document(.damaged), .document(.unknownFormat): throw Status.data
            case .document, .file(.unusable): throw Status.usage
            case .file: throw Status.system
            }
        }
    }
}
