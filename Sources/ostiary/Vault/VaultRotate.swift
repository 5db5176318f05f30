import ArgumentParser
import OstiaryCore
import OstiaryServer
import OstiaryVault

/// `ostiary vault rotate`
struct VaultRotate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate",
        abstract: "seal everything under another data key, or with --master under another master key",
        discussion: """
            the providers' keys stay what they are. It may be broken off at any moment: the store opens with what is there

            with --master the old master key opens nothing any more; make a new copy of the key file afterwards
            """
    )

    @OptionGroup var place: VaultPlace

    @Flag(help: "replace the master key")
    var master = false

    @Flag(help: "tell what would be done and do nothing")
    var dryRun = false

    func run() throws {
        let voice = Voice.standard
        try place.run(voice) { place in
            guard let file = place.file else { return }
            guard let keyFile = place.keyFile, place.passphrase == nil else {
                guard !master else {
                    throw StoreFault.unusable("a passphrase is no master key that could be replaced here")
                }
                return try rotate(self.place, file, voice)
            }
            let key = try MasterKeyFile(path: keyFile)
            let store = try key.open(store: file, markPath: place.mark)
            let count = try store.list().count
            let what = master ? "the master key of \(file)" : "the data key of \(file)"
            let keys = count == 1 ? "1 key" : "\(count) keys"
            if dryRun { return voice.print("would replace \(what), which seals \(keys)\n") }
            if master {
                try key.rotate(store: file, markPath: place.mark)
            } else {
                try store.rotateDataKey(at: SystemClock().now)
            }
            voice.print("replaced \(what), which seals \(keys)\n")
            if master { voice.hint("keep a copy of \(keyFile) somewhere else; older copies open nothing any more") }
        }
    }

    /// A store that a passphrase opens.
    private func rotate(_ place: VaultPlace, _ file: String, _ voice: Voice) throws {
        try place.open(voice) { store in
            let count = try store.list().count
            let keys = count == 1 ? "1 key" : "\(count) keys"
            if dryRun { return voice.print("would replace the data key of \(file), which seals \(keys)\n") }
            try store.rotateDataKey(at: SystemClock().now)
            voice.print("replaced the data key of \(file), which seals \(keys)\n")
        }
    }
}
