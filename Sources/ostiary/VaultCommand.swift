import ArgumentParser
import OstiaryCore
import OstiaryServer
import OstiaryVault

/// `ostiary vault`: what rests in the gate's own sealed store. A key goes in and is never shown again.
struct VaultCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vault",
        abstract: "keep the providers' keys in a sealed file",
        discussion: """
            the store is one file that a master key in another folder opens; both are named by the configuration's \
            vault.file and vault.key_file, or by --file and --key-file

              ostiary vault create --config ostiary.yaml
              ostiary vault add openai --config ostiary.yaml < key.txt
              ostiary vault list --config ostiary.yaml

            a running gate takes changes up with: ostiary reload
            """,
        subcommands: [
            VaultCreate.self, VaultAdd.self, VaultList.self, VaultRemove.self, VaultRotate.self, VaultImport.self,
        ]
    )
}

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
        guard place.file != nil, place.keyFile != nil else {
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
            guard let file = place.file, let keyFile = place.keyFile else { return }
            try body(MasterKeyFile(path: keyFile).open(store: file, markPath: place.mark))
        }
    }
}

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
            guard let file = place.file, let keyFile = place.keyFile else { return }
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
            let keys = try store.list()
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
            guard let file = place.file, let keyFile = place.keyFile else { return }
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
}

/// `ostiary vault import`
struct VaultImport: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "take over the sealed files of Claude-Throne",
        discussion: """
            all files are opened before the first key is written; the folder stays as it is, and holds its keys and what \
            opens them until you remove it

              ostiary vault import ~/.claude-throne --config ostiary.yaml --dry-run
            """
    )

    @Argument(help: "the folder, usually ~/.claude-throne", completion: .directory)
    var folder: String

    @OptionGroup var place: VaultPlace

    @Flag(help: "replace keys that the store has already")
    var replace = false

    @Flag(help: "tell what would be taken and write nothing")
    var dryRun = false

    func run() throws {
        let voice = Voice.standard
        try place.open(voice) { store in
            let outcome = try ClaudeThroneFolder(path: folder).move(
                into: store,
                isReplacing: replace,
                isDryRun: dryRun,
                at: SystemClock().now
            )
            for name in outcome.taken { voice.print("\(dryRun ? "would take" : "took") \(name)\n") }
            for name in outcome.left { voice.warn("\(name) is in the store already and was left as it is") }
            if !outcome.left.isEmpty { voice.hint("--replace writes over them") }
        }
    }
}
