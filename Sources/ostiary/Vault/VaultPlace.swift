import ArgumentParser
import OstiaryCore
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

    @OptionGroup var handed: HandedPassphrase

    /// The store that was named, and what opens it.
    struct Named {
        let file: String
        let mark: String?
        /// Where the master key's file is, if it is one.
        let keyFile: String?
        let opener: StoreOpener
    }

    /// Runs `body` with the place, and tells the store's faults.
    func run(_ voice: Voice, _ body: (Named) throws -> Void) throws {
        var place = Configuration.vault(
            of: config,
            surroundings: Machine.surroundings,
            isHanded: handed.passphraseFd != nil
        )
        if let file { place.file = file }
        if let keyFile { place.keyFile = keyFile }
        do {
            let master: MasterSecret? =
                switch try handed.read(voice) {
                case .some(let secret): try MasterSecret(written: secret)
                case .none: nil
                }
            guard let file = place.file, let opener = try place.opener(environment: Machine.variables, handed: master)
            else {
                voice.error("no store is named")
                voice.hint("name it with --config FILE, or with --file and --key-file")
                throw Status.usage
            }
            try body(Named(file: file, mark: place.mark, keyFile: place.keyFile, opener: opener))
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
            switch place.opener {
            case .given(let master):
                try body(SealedFileStore(path: place.file, master: master, markPath: place.mark))
            case .kept(let keeper):
                try body(keeper.open(store: place.file, markPath: place.mark, at: SystemClock().now))
            }
        }
    }
}
