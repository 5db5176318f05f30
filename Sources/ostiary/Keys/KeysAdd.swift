import ArgumentParser
import Foundation
import OstiaryCore
import OstiaryIdentity
import OstiaryServer

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
