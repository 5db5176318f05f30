import ArgumentParser
import OstiaryCore
import OstiaryIdentity
import OstiaryServer

/// `ostiary nuc revoke`
struct NucRevoke: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "end a token, and with it every token that stands on it",
        discussion: """
            the first token of what is read is ended, not its proofs; a running gate refuses it within a second

              ostiary nuc revoke --config ostiary.yaml --file delegation.txt
              ostiary nuc revoke --list nuc/revoked.json --hash 08f1a5cd… --dry-run
            """
    )

    @OptionGroup var source: NucSource

    @Option(help: ArgumentHelp("the configuration that names the list", valueName: "file"), completion: .file())
    var config: String?

    @Option(help: ArgumentHelp("the list, over identity.nuc.revocations", valueName: "file"), completion: .file())
    var list: String?

    @Option(help: "the token by its hash, in place of the token")
    var hash: String?

    @Flag(help: "tell what would be ended and end nothing")
    var dryRun = false

    /// What a token without an end is kept as: the end of the year 9999.
    private static let never = 253_402_300_799

    func validate() throws {
        guard hash.map({ NucHash($0) != nil }) ?? true else {
            throw ValidationError("--hash must be 64 hex digits, as ostiary nuc inspect shows them")
        }
    }

    func run() throws {
        let voice = Voice.standard
        let now = SystemClock().now
        let given = config.map { Configuration.capabilities(of: $0, surroundings: Machine.surroundings) }
        guard let path = list ?? given?.revocations else {
            voice.error("no list of revoked tokens is named")
            voice.hint("name it with --list FILE, or with --config and identity.nuc.revocations in it")
            throw Status.usage
        }
        let record = try record(voice, now)
        do throws(RevocationsFile.Trouble) {
            let isNew = try RevocationsFile(path: path).add(record, now: now, isDryRun: dryRun)
            let name = "\(record.hash)"
            guard isNew else { return voice.print("\(name) was revoked already\n") }
            voice.print("\(dryRun ? "would revoke" : "revoked") \(name)\n")
        } catch {
            voice.error("\(error)")
            if let hint = error.hint { voice.hint(hint) }
            throw Status.system
        }
    }

    private func record(_ voice: Voice, _ now: UnixTime) throws -> RevocationDocument.Record {
        let moment = Int(now.seconds)
        if let hash = hash.flatMap({ NucHash($0) }) {
            return .init(hash: hash, revoked: moment, ends: Self.never)
        }
        let envelope = try source.envelope(voice)
        guard let leaf = envelope.tokens.first else { throw Status.data }
        // From the leaf up, as no token of the chain is good for longer than any other.
        let ends = envelope.tokens.lazy.compactMap(\.payload.expires).first ?? Self.never
        guard Double(ends) > now.seconds else {
            voice.error("this token has expired, so there is nothing to revoke")
            throw Status.nothing
        }
        return .init(hash: leaf.hash, revoked: moment, ends: ends)
    }
}
