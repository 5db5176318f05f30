import ArgumentParser
import OstiaryServer
import OstiaryVault

/// Where the store is, for every one of the commands.
struct VaultPlace: ParsableArguments {
    @Option(help: ArgumentHelp("the configuration that names the store", valueName: "file"), completion: .file())
    var config: String?

    @Option(help: ArgumentHelp("the store's file, over vault.file", valueName: "file"), completion: .file())
    var file: String?

    @Option(help: ArgumentHelp("the master key's file, over vault.key_file", valueName: "file"), completion: .file())
    var keyFile: String?

    /// Runs `body` with the place, and tells the store's faults.
    func run(_ voice: Voice, _ body: (Configuration.Vault) throws -> Void) throws {
        var place = Configuration.vault(of: config, surroundings: Machine.surroundings)
        if let file { place.file = file }
        if let keyFile { place.keyFile = keyFile }
        guard place.file != nil, place.keyFile != nil || place.passphrase != nil else {
            voice.error("no store is named")
            voice.hint("name it with --config FILE, or with --file and --key-file")
            throw Status.usage
        }
        do {
            try body(place)
        } catch let fault as StoreFault {
            voice.error(fault.description)
            if let hint = fault.hint { voice.hint(hint) }
            if case .notThere = fault { voice.hint("ostiary vault create makes a store and its master key") }
            if case .unusable = fault { throw Status.usage }
            throw Status.system
        }
    }

    /// The store, opened.
    func open(_ voice: Voice, _ body: (SealedFileStore) throws -> Void) throws {
        try run(voice) { place in
            guard let file = place.file else { return }
            if let reference = place.passphrase {
                let master = try place.master(reference, environment: Machine.variables)
                return try body(SealedFileStore(path: file, master: master, markPath: place.mark))
            }
            guard let keyFile = place.keyFile else { return }
            try body(MasterKeyFile(path: keyFile).open(store: file, markPath: place.mark))
        }
    }
}
