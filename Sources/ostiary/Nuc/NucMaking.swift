import ArgumentParser
import OstiaryCore
import OstiaryIdentity

/// What every new token may say.
struct NucWording: ParsableArguments {
    @Option(help: "what it is for")
    var command = "/nil/ai/generate"

    @Option(help: "how long it is good: a number with s, m, h or d, or never")
    var expires = "1h"

    @Flag(help: "write version 1 (did:key) rather than what nilai-py reads")
    var version1 = false

    func validate() throws {
        guard NucCommand(command) != nil else {
            throw ValidationError("--command must be / or names with / before each. Such as /nil/ai/generate")
        }
        guard expires == "never" || KeyTelling.seconds(expires).map({ (1...315_360_000).contains($0) }) == true else {
            throw ValidationError("--expires must be from 1s to 3650d, or never. Such as 60s or 8h")
        }
    }

    var path: NucCommand { NucCommand(command) ?? .generate }

    func ends(_ now: UnixTime) -> Int? {
        expires == "never" ? nil : KeyTelling.seconds(expires).map { Int(now.seconds + $0) }
    }

    func mint(_ key: Secp256k1SecretKey) -> NucMint { NucMint(key, version: version1 ? .version1 : .version0) }
}

extension Voice {
    /// A new token, and nothing besides.
    func print(token: [UInt8]) { print(String(decoding: token, as: UTF8.self) + "\n") }

    /// Reads JSON from the command line.
    func json(_ text: String, _ option: String) throws -> JSONValue {
        do throws(JSONFault) {
            return try JSONReader.read(Array(text.utf8), depth: 64)
        } catch {
            throw ValidationError("\(option) is not JSON")
        }
    }
}

/// `ostiary nuc mint`
struct NucMintRoot: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mint",
        abstract: "make a root token: by an account for itself, or for another with --subject",
        discussion: "ostiary nuc mint --key file:owner.key > root.txt"
    )

    @OptionGroup var key: NucKey

    @OptionGroup var wording: NucWording

    @Option(help: "whom it is about and for; the one who signs without it")
    var subject: DID?

    func run() throws {
        let voice = Voice.standard
        let mint = wording.mint(try key.read(voice))
        let subject = subject ?? mint.issuer
        var wish = NucMint.Wish(delegationTo: subject, subject: subject, command: wording.path)
        wish.expires = wording.ends(SystemClock().now)
        voice.print(token: mint.make(wish))
    }
}

/// `ostiary nuc delegate`
struct NucDelegate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delegate",
        abstract: "hand on what a token allows, or less of it",
        discussion: "ostiary nuc delegate --key file:owner.key --to did:nil:02… --uses 10 --expires 60s --file root.txt"
    )

    @OptionGroup var key: NucKey

    @OptionGroup var source: NucSource

    @OptionGroup var wording: NucWording

    @Option(help: "who gets it")
    var to: DID

    @Option(help: "how often it may be used; not limited by default")
    var uses: Int?

    @Option(help: "a policy in JSON, such as '[[\"==\",\".args.model\",\"m\"]]'; the parent's without it")
    var policy: String?

    func run() throws {
        let voice = Voice.standard
        let now = SystemClock().now
        let key = try key.read(voice)
        let parent = try source.envelope(voice)
        guard let leaf = parent.tokens.first, !leaf.isInvocation else {
            voice.error("an invocation cannot be handed on")
            throw Status.data
        }
        let mint = wording.mint(key)
        guard leaf.payload.audience == mint.issuer else {
            voice.error("this token was made for \(leaf.payload.audience), and the key is another's")
            throw Status.refused
        }
        guard wording.path.isAttenuation(of: leaf.payload.command) else {
            voice.error("\(wording.path) is not below \(leaf.payload.command), so nobody would believe it")
            throw Status.refused
        }
        let rules: [JSONValue]
        if let policy {
            guard let array = try voice.json(policy, "--policy").array else {
                throw ValidationError("--policy must be an array of rules")
            }
            rules = array
        } else {
            rules = leaf.payload.object["pol"]?.array ?? []
        }
        var wish = NucMint.Wish(
            delegationTo: to,
            subject: leaf.payload.subject,
            command: wording.path,
            policy: rules
        )
        wish.expires = wording.ends(now)
        if let uses {
            if let most = Self.limit(of: parent), uses > most || uses < 1 {
                voice.error("the token allows \(most) uses, and no delegation of it more or none")
                throw Status.refused
            }
            wish.meta = JSONObject(members: [.init(name: "usage_limit", value: .integer(uses))])
        }
        let text = mint.make(wish, on: parent)
        do throws(NucFault) {
            _ = try NucEnvelope(text)
        } catch {
            voice.error("\(error.reason): \(error.sentence)")
            throw Status.data
        }
        voice.print(token: text)
    }

    /// The nearest limit above.
    private static func limit(of envelope: NucEnvelope) -> Int? {
        envelope.tokens.lazy.compactMap { $0.payload.meta?["usage_limit"]?.number?.int }.first
    }
}

/// `ostiary nuc invoke`
struct NucInvoke: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "invoke",
        abstract: "make the token that a request brings",
        discussion: """
            --for is who gets the request: a gate shows its key at /v1/public_key

              ostiary nuc invoke --key file:client.key --for did:nil:03… --file delegation.txt
            """
    )

    @OptionGroup var key: NucKey

    @OptionGroup var source: NucSource

    @OptionGroup var wording: NucWording

    @Option(name: .customLong("for"), help: "who gets the request")
    var audience: DID

    @Option(help: "the arguments, as a JSON object")
    var args = "{}"

    func run() throws {
        let voice = Voice.standard
        let mint = wording.mint(try key.read(voice))
        let parent = try source.envelope(voice)
        guard let leaf = parent.tokens.first else { return }
        guard let arguments = try voice.json(args, "--args").object else {
            throw ValidationError("--args must be a JSON object")
        }
        var wish = NucMint.Wish(
            invocationFor: audience,
            subject: leaf.payload.subject,
            command: wording.path,
            arguments: arguments
        )
        wish.expires = wording.ends(SystemClock().now)
        voice.print(token: mint.make(wish, on: parent))
    }
}
