import ArgumentParser
import OstiaryServer

/// `ostiary token`: asks a gate in development mode for another token.
///
/// The gate's key is in its memory alone, so the token comes from the running gate, over its admin door.
struct Token: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "get a token from a gate in development mode",
        discussion: """
              ostiary token
              curl -H "Authorization: Bearer $(ostiary token)" 127.0.0.1:8080/v1/models
            """
    )

    @Option(help: "whom the token is for")
    var subject = "dev-user"

    @Option(help: "its scopes, divided by spaces; all by default")
    var scope: String?

    @Option(help: "how long it is valid: seconds, or a number with s, m or h; at most 24h")
    var lifetime = "24h"

    @Option(help: ArgumentHelp("the gate's admin door", valueName: "host:port or unix:path"))
    var admin = "127.0.0.1:8123"

    func run() async throws {
        let voice = Voice.standard
        let request = try DevelopmentToken(subject: subject, scope: scope, lifetime: lifetime, admin: admin)
        let token = try await request.fetch(Running.loopbackClient(), voice: voice)
        voice.print(token + "\n")
    }
}
