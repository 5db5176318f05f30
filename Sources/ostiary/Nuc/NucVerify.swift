import ArgumentParser
import OstiaryCore
import OstiaryIdentity
import OstiaryServer

/// `ostiary nuc verify`
struct NucVerify: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "say whether a token is to be believed, or why not",
        discussion: """
            with --config by the rules of that gate, its revoked tokens among them; otherwise by --trusted, --account and \
            --audience; where none of these says who is believed, every root is

              ostiary nuc verify --config ostiary.yaml --file token.txt
              ostiary nuc verify --trusted did:nil:02… --audience did:nil:03… --file token.txt
            """
    )

    @OptionGroup var source: NucSource

    @Option(
        help: ArgumentHelp("the configuration of the gate that would decide", valueName: "file"),
        completion: .file()
    )
    var config: String?

    @Option(help: "an issuer whose roots are believed; may be said again")
    var trusted: [DID] = []

    @Option(help: "an account whose own roots are believed; may be said again")
    var account: [DID] = []

    @Option(help: "for whom the token has to be made")
    var audience: DID?

    @Flag(help: "ask for a delegation, not for an invocation")
    var delegation = false

    @Option(help: "the moment, in seconds of Unix time; now without it")
    var at: Int?

    @Flag(help: "print the verdict as JSON")
    var json = false

    func run() throws {
        let voice = Voice.standard
        let envelope = try source.envelope(voice)
        let given = config.map { Configuration.capabilities(of: $0, surroundings: Machine.surroundings) }
        let issuers = Set(trusted + (given?.trusted ?? []))
        let accounts = Set(account + (given?.accounts ?? []))
        let isOpen = issuers.isEmpty && accounts.isEmpty && config == nil
        let validator = NucValidator(
            roots: .init(issuers: isOpen ? nil : issuers, accounts: accounts),
            requirement: requirement(envelope)
        )
        do throws(NucFault) {
            let now = at.map { UnixTime(seconds: Double($0)) } ?? SystemClock().now
            let chain = try validator.validate(envelope, now: now)
            if try isRevoked(chain, given?.revocations) { throw .tokenRevoked }
            tell(chain, voice)
        } catch {
            if json {
                let verdict = JSONValue.members(
                    ("valid", .bool(false)),
                    ("reason", .string("\(error.reason)")),
                    ("message", .string("\(error.sentence)"))
                )
                voice.print(JSONText.pretty(verdict) + "\n")
            } else {
                voice.error("\(error.reason): \(error.sentence)")
            }
            throw error == .libraryMissing ? Status.system : Status.declined
        }
    }

    private func requirement(_ envelope: NucEnvelope) -> NucValidator.Requirement {
        guard let leaf = envelope.tokens.first else { return .none }
        // Whoever does not say for whom asks about the chain alone.
        let audience = audience ?? leaf.payload.audience
        if delegation { return .delegation(audience) }
        if config != nil || self.audience != nil { return .invocation(audience) }
        return .none
    }

    private func isRevoked(_ chain: NucChain, _ path: String?) throws(NucFault) -> Bool {
        guard let path else { return false }
        do throws(RevocationsFile.Trouble) {
            let revoked = RevokedTokens(try RevocationsFile(path: path).read())
            return chain.tokens.contains { revoked.holds($0.hash) }
        } catch {
            Voice.standard.error("the list of revoked tokens: \(error)")
            throw .tokenRevoked
        }
    }

    private func tell(_ chain: NucChain, _ voice: Voice) {
        let account = "\(NucAuthenticator.account(of: chain))"
        guard !json else {
            let verdict = JSONValue.members(
                ("valid", .bool(true)),
                ("account", .string(account)),
                ("tokens", .integer(chain.tokens.count)),
                ("expires_at", chain.expires.map { .integer($0) } ?? .null)
            )
            return voice.print(JSONText.pretty(verdict) + "\n")
        }
        let end = chain.expires.map { "until \(NucTelling.time($0))" } ?? "for ever"
        voice.print("valid \(end)\naccount\t\(account)\n")
    }
}
