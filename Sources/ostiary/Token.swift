import ArgumentParser
import OstiaryServer

/// `ostiary token`: asks a running gate for a token, for people and for programs that run a command where
/// others keep a key.
///
/// The gate's key is in its memory alone, so the token comes from the running gate, over its admin door.
struct Token: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "get a token from a running gate, as a key helper too",
        discussion: """
            a gate with identity.local gives its owner one of an hour at most: over the admin door's socket file, or for \
            the daemon's token; a gate in development mode gives one to everybody on this machine

              ostiary token
              curl -H "Authorization: Bearer $(ostiary token)" 127.0.0.1:8080/v1/models
              git config credential.helper '!ostiary token --format git'

            exit status
              0  one credential was printed
              2  the command line is wrong
              3  there is no credential: no gate answers
              4  the store of keys is locked
              5  the gate could not make one, or answered with something else
              6  the gate refused: it gives its owner none, and is not in development mode
            """
    )

    @Option(
        name: .customLong("for"),
        help: ArgumentHelp("the client that runs this as its helper; its tokens live an hour", valueName: "client")
    )
    var client: String?

    @Option(help: "how it is printed")
    var format = TokenFormat.raw

    @Option(help: "whom the token is for")
    var subject = "dev-user"

    @Option(help: "its scopes, divided by spaces; all by default")
    var scope: String?

    @Option(
        help: "how long it is valid: seconds, or a number with s, m or h; at most 24h in development mode, else 1h"
    )
    var lifetime: String?

    @OptionGroup var place: DoorOptions

    @OptionGroup var owner: DoorToken

    @Option(help: ArgumentHelp("with --format git: the gate that the token is for, and no other", valueName: "url"))
    var url = "http://127.0.0.1:8080"

    @Argument(help: ArgumentHelp("git adds it: get, store or erase", valueName: "operation"))
    var operation: String?

    func validate() throws {
        guard operation == nil || format == .git else {
            throw ValidationError("only git adds an operation. Use --format git")
        }
    }

    func run() async throws {
        var errand = TokenErrand(at: try place.door)
        errand.subject = subject
        errand.scope = scope
        errand.lifetime = lifetime
        errand.client = client
        errand.format = format
        errand.config = place.config
        errand.tokenFile = owner.tokenFile
        if format == .git {
            guard let gate = GateURL(url) else {
                throw ValidationError("--url must be https, or http on this machine. Such as http://127.0.0.1:8080")
            }
            // Git tells every helper what it has, and asks every helper for every host.
            guard operation ?? "get" == "get", GitQuestion.read().isAbout(gate) else { return }
        }
        try await errand.run(Voice.standard)
    }
}
