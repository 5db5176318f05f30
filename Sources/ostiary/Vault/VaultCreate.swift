import ArgumentParser
import OstiaryCore
import OstiaryServer
import OstiaryVault

/// `ostiary vault create`
struct VaultCreate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "make an empty store and its master key",
        discussion: """
            keep a copy of the master key somewhere else: without it nobody opens the store. A master key that is there \
            already is used
            """
    )

    @OptionGroup var place: VaultPlace

    @Flag(help: "tell what would be made and make nothing")
    var dryRun = false

    func run() throws {
        let voice = Voice.standard
        try place.run(voice) { place in
            guard let file = place.file else { return }
            if let reference = place.passphrase {
                let master = try place.master(reference, environment: Machine.variables)
                let store = try SealedFileStore(path: file, master: master, markPath: place.mark)
                if dryRun, try store.isThere() { throw StoreFault.exists(place: "sealed store \(file)") }
                if dryRun { return voice.print("would make \(file)\n") }
                try store.create(at: SystemClock().now)
                return voice.print("made \(file)\n")
            }
            guard let keyFile = place.keyFile else { return }
            let key = try MasterKeyFile(path: keyFile)
            let isThere = try key.isThere()
            let isMade = try SealedFileStore(path: file, master: .random()).isThere()
            if dryRun, isMade { throw StoreFault.exists(place: "sealed store \(file)") }
            if dryRun { return voice.print("would make \(file)\(isThere ? "" : " and \(keyFile)")\n") }
            let master = try isThere ? key.master() : key.create()
            try SealedFileStore(path: file, master: master, markPath: place.mark).create(at: SystemClock().now)
            voice.print("made \(file)\(isThere ? "" : " and \(keyFile)")\n")
            if !isThere { voice.hint("keep a copy of \(keyFile) somewhere else: nothing else opens the store") }
        }
    }
}
