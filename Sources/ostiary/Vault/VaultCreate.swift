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

              ostiary vault create --config ostiary.yaml
              ostiary vault create --file keys/keys.json --passphrase-fd 3 3< passphrase.txt
            """
    )

    @OptionGroup var place: VaultPlace

    @Flag(help: "tell what would be made and make nothing")
    var dryRun = false

    func run() throws {
        let voice = Voice.standard
        let now = SystemClock().now
        try place.run(voice) { place in
            let file = place.file
            switch place.opener {
            case .given(let master):
                let store = try SealedFileStore(path: file, master: master, markPath: place.mark)
                if dryRun, try store.isThere() { throw StoreFault.exists(place: "sealed store \(file)") }
                if dryRun { return voice.print("would make \(file)\n") }
                try store.create(at: now)
                voice.print("made \(file)\n")
            case .kept(let keeper):
                let isThere = try keeper.isThere()
                let isMade = try SealedFileStore(path: file, master: .random()).isThere()
                if dryRun, isMade { throw StoreFault.exists(place: "sealed store \(file)") }
                let place = (mark: place.mark, key: keeper is MasterKeyFile ? place.keyFile ?? "" : keeper.label)
                if dryRun { return voice.print("would make \(file)\(isThere ? "" : " and \(place.key)")\n") }
                let master = try isThere ? keeper.master() : keeper.create(at: now)
                try SealedFileStore(path: file, master: master, markPath: place.mark).create(at: now)
                voice.print("made \(file)\(isThere ? "" : " and \(place.key)")\n")
                if !isThere { voice.hint("keep a copy of \(place.key) somewhere else: nothing else opens the store") }
            }
        }
    }
}
