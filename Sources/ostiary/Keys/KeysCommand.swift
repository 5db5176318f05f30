import ArgumentParser
import Foundation
import OstiaryCore
import OstiaryIdentity
import OstiaryServer
import OstiaryVault

/// `ostiary keys`: virtual keys, for clients that can do no better than a static one.
struct KeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "make and end virtual keys, for clients that can do no better",
        discussion: """
            a key is shown once, when it is made; the file that identity.keys names keeps a keyed hash of it. A running \
            gate knows of every change within a second

              ostiary keys add ci --config ostiary.yaml --models 'gpt-*' --requests-per-minute 30
              ostiary keys list --config ostiary.yaml
              ostiary keys revoke ci --config ostiary.yaml

            a client that can get tokens by itself needs no key: ostiary connect, and workload identity
            """,
        subcommands: [KeysAdd.self, KeysList.self, KeysShow.self, KeysRotate.self, KeysRevoke.self]
    )
}

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

/// `ostiary keys add`
struct KeysAdd: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "make a key and show it, this once",
        discussion: """
            the key alone goes to standard output, so that it can be put where it belongs without being seen

              ostiary keys add ci --config ostiary.yaml > key.txt
              ostiary keys add notebook --config ostiary.yaml --expires 8h --models claude-haiku-5-5
            """
    )

    @Argument(help: "the key's name, which limits and logs know its holder by")
    var name: String

    @OptionGroup var place: KeysPlace

    @Option(help: "what its holder may do, divided by spaces")
    var scopes = "inference"

    @Option(help: "the models it is for, divided by commas: names, or prefixes and *; all by default")
    var models: String?

    @Option(help: "how long it is good: a number with s, m, h or d, or never")
    var expires = "90d"

    @Option(help: "requests a minute, in place of limits.requests_per_minute; 0 for no limit")
    var requestsPerMinute: Int?

    @Option(help: "requests at once, in place of limits.burst")
    var burst: Int?

    @Option(help: "requests in flight, in place of limits.concurrent; 0 for no limit")
    var concurrent: Int?

    @Flag(help: "print the key and what it is for as JSON")
    var json = false

    @Flag(help: "check everything and make nothing")
    var dryRun = false

    func validate() throws {
        guard expires == "never" || KeyTelling.seconds(expires).map({ (1...315_360_000).contains($0) }) == true else {
            throw ValidationError("--expires must be from 1s to 3650d, or never. Such as 8h or 90d")
        }
        for (name, number, least) in [
            ("requests-per-minute", requestsPerMinute, 0), ("burst", burst, 1), ("concurrent", concurrent, 0),
        ] {
            guard let number, !(least...100_000_000).contains(number) else { continue }
            throw ValidationError("--\(name) must be from \(least) to 100000000. Such as 30")
        }
        for name in scopes.split(separator: " ") where !name.utf8.allSatisfy(Self.isScopeByte) {
            throw ValidationError("--scopes must be scope names divided by spaces. Such as inference")
        }
        for pattern in patterns ?? [] {
            guard (1...256).contains(pattern.utf8.count), pattern.utf8.allSatisfy({ 0x21...0x7e ~= $0 }),
                !pattern.dropLast().contains("*")
            else { throw ValidationError("--models must be names, or prefixes and *. Such as gpt-4o,claude-*") }
        }
        guard (patterns ?? []).count <= 100 else { throw ValidationError("--models may have at most 100 entries") }
    }

    private var patterns: [String]? {
        models.map { $0.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) } }
    }

    private static func isScopeByte(_ byte: UInt8) -> Bool { 0x21...0x7e ~= byte && byte != 0x22 && byte != 0x5c }

    func run() throws {
        let voice = Voice.standard
        let now = SystemClock().now
        let ends = expires == "never" ? nil : KeyTelling.seconds(expires).map { Int(now.seconds + $0) }
        let wish = KeyWish(
            name: name,
            expires: ends,
            scopes: scopes.split(separator: " ").map(String.init),
            models: patterns,
            limits: Narrowing.Limits(requestsPerMinute: requestsPerMinute, burst: burst, concurrent: concurrent)
        )
        try place.run(voice) { file in
            let fresh = FreshKey()
            let record = try file.update(isDryRun: dryRun) { (document) throws(KeyDocument.Fault) in
                try document.add(wish, key: fresh.secret, at: now)
                return try document.record(name)
            }
            if dryRun { return voice.print("would add \(name), \(KeyTelling.end(record))\n") }
            fresh.tell(record, json: json)
            voice.hint("the key is shown this once; \(KeyTelling.end(record))")
        }
    }
}

/// `ostiary keys list`
struct KeysList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "list the keys: name, state, day of expiry, day of last use",
        discussion: "no key is shown; it could not be, as the file does not hold any"
    )

    @OptionGroup var place: KeysPlace

    @Flag(help: "print the list as JSON")
    var json = false

    func run() throws {
        let voice = Voice.standard
        let now = SystemClock().now
        try place.run(voice) { file in
            let records = try file.read()?.records ?? []
            let uses = file.uses()
            guard json else {
                return voice.print(
                    records.map { record in
                        [
                            record.name, record.state(at: now).rawValue, record.expires.map(KeyTelling.day) ?? "never",
                            uses[record.name].map(KeyTelling.day) ?? "unused",
                        ].joined(separator: "\t") + "\n"
                    }.joined()
                )
            }
            let list = records.map { JSONValue.object(KeyTelling.json($0, used: uses[$0.name], at: now)) }
            voice.print(JSONText.pretty(.members(("keys", .array(list)))) + "\n")
        }
    }
}

/// `ostiary keys show`
struct KeysShow: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "tell what a key is for, until when, and when it was used last; never the key"
    )

    @Argument(help: "the key's name")
    var name: String

    @OptionGroup var place: KeysPlace

    @Flag(help: "print it as JSON")
    var json = false

    func run() throws {
        let voice = Voice.standard
        let now = SystemClock().now
        try place.run(voice) { file in
            let document = try file.read() ?? KeyDocument()
            let record: KeyRecord
            do throws(KeyDocument.Fault) { record = try document.record(name) } catch {
                throw KeysFile.Trouble.document(error)
            }
            let used = file.uses()[record.name]
            if json {
                return voice.print(JSONText.pretty(.object(KeyTelling.json(record, used: used, at: now))) + "\n")
            }
            for (name, value) in KeyTelling.lines(record, used: used, at: now) { voice.print("\(name)\t\(value)\n") }
        }
    }
}

/// `ostiary keys rotate`
struct KeysRotate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate",
        abstract: "give a key another text and show that, this once",
        discussion: """
            name, scopes, models, limits and expiry stay. The text of before ends at once, or after --overlap, so that \
            clients can be changed one after the other

              ostiary keys rotate ci --config ostiary.yaml --overlap 1h > key.txt
            """
    )

    @Argument(help: "the key's name")
    var name: String

    @OptionGroup var place: KeysPlace

    @Option(help: "how long the text of before is still good: a number with s, m, h or d")
    var overlap = "0s"

    @Flag(help: "print the key and what it is for as JSON")
    var json = false

    @Flag(help: "check everything and change nothing")
    var dryRun = false

    func validate() throws {
        guard KeyTelling.seconds(overlap).map({ (0...2_592_000).contains($0) }) == true else {
            throw ValidationError("--overlap must be from 0s to 30d. Such as 1h")
        }
    }

    func run() throws {
        let voice = Voice.standard
        let now = SystemClock().now
        let seconds = Int(KeyTelling.seconds(overlap) ?? 0)
        try place.run(voice) { file in
            let fresh = FreshKey()
            let record = try file.update(isDryRun: dryRun) { (document) throws(KeyDocument.Fault) in
                try document.rotate(name, key: fresh.secret, overlap: seconds, at: now)
                return try document.record(name)
            }
            let end = seconds == 0 ? "ends at once" : "is good for \(overlap) more"
            if dryRun { return voice.print("would give \(name) another key; the one of before \(end)\n") }
            fresh.tell(record, json: json)
            voice.hint("the key is shown this once; the one of before \(end)")
        }
    }
}

/// `ostiary keys revoke`
struct KeysRevoke: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "end a key for good",
        discussion: "a running gate refuses it within a second; its name may be had again"
    )

    @Argument(help: "the key's name")
    var name: String

    @OptionGroup var place: KeysPlace

    @Flag(help: "tell what would be ended and end nothing")
    var dryRun = false

    func run() throws {
        let voice = Voice.standard
        let now = SystemClock().now
        try place.run(voice) { file in
            let isNew = try file.update(isDryRun: dryRun) { (document) throws(KeyDocument.Fault) in
                try document.revoke(name, at: now)
            }
            guard isNew else { return voice.print("\(name) was revoked already\n") }
            voice.print("\(dryRun ? "would revoke" : "revoked") \(name)\n")
        }
    }
}
