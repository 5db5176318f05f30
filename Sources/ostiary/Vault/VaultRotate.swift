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
        let now = SystemClock().now
        try place.run(voice) { place in
            let (file, store): (String, SealedFileStore)
            var keeper: (any KeptMaster)?
            switch place.opener {
            case .given(let secret):
                guard !master else {
                    throw StoreFault.unusable("a passphrase is no master key that could be replaced here")
                }
                (file, store) = (
                    place.file, try SealedFileStore(path: place.file, master: secret, markPath: place.mark)
                )
            case .kept(let kept):
                keeper = kept
                (file, store) = (place.file, try kept.open(store: place.file, markPath: place.mark, at: now))
            }
            let count = try store.list().count
            let what = master ? "the master key of \(file)" : "the data key of \(file)"
            let keys = count == 1 ? "1 key" : "\(count) keys"
            if dryRun { return voice.print("would replace \(what), which seals \(keys)\n") }
            if master, let keeper {
                try keeper.rotate(store: file, markPath: place.mark, at: now)
            } else {
                try store.rotateDataKey(at: now)
            }
            voice.print("replaced \(what), which seals \(keys)\n")
            let label = keeper is MasterKeyFile ? place.keyFile ?? "" : keeper?.label ?? ""
            if master { voice.hint("keep a copy of \(label) somewhere else; older copies open nothing any more") }
        }
    }
}
