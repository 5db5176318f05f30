import ArgumentParser
import OstiaryServer

/// `ostiary token`: asks a gate in development mode for a token, for people and for programs that run a command where
/// others keep a key.
///
/// The gate's key is in its memory alone, so the token comes from the running gate, over its admin door.
struct Token: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "get a token from a gate in development mode, as a key helper too",
        discussion: """
              ostiary token
              curl -H "Authorization: Bearer $(ostiary token)" 127.0.0.1:8080/v1/models
              git config credential.helper '!ostiary token --format git'

            exit status
              0  one credential was printed
              2  the command line is wrong
              3  there is no credential: no gate answers
              4  the store of keys is locked
              5  the gate could not make one, or answered with something else
              6  the gate refused: it is not in development mode
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
        help: "how long it is valid: seconds, or a number with s, m or h; at most 24h (default: 24h, with --for 1h)"
    )
    var lifetime: String?

    @OptionGroup var place: DoorOptions

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
        let voice = Voice.standard
        let door = try place.door
        let lifetime = lifetime ?? (client == nil ? "24h" : "1h")
        let request = try DevelopmentToken(subject: subject, scope: scope, lifetime: lifetime, door: door)
        if format == .git {
            guard let gate = GateURL(url) else {
                throw ValidationError("--url must be https, or http on this machine. Such as http://127.0.0.1:8080")
            }
            // Git tells every helper what it has, and asks every helper for every host.
            guard operation ?? "get" == "get", GitQuestion.read().isAbout(gate) else { return }
        }
        do throws(DevelopmentToken.Trouble) {
            let token = try await request.fetch(Running.loopbackClient(), voice: voice)
            voice.print(format.text(of: token, subject: subject))
        } catch {
            throw error.helperStatus
        }
    }
}

extension DevelopmentToken.Trouble {
    /// For programs that run the command where others keep a key.
    var helperStatus: ExitCode {
        switch self {
        case .nobody: ExitCode(3)
        case .locked: ExitCode(4)
        case .failed, .nonsense: ExitCode(5)
        case .refused: ExitCode(6)
        }
    }
}

extension LoopbackDoor {
    /// The door that was named, or else the one in the file, or else where a gate's door usually is.
    static func named(_ admin: String?, config: String?) throws -> LoopbackDoor {
        guard let admin else { return Configuration.adminDoor(of: config, surroundings: Machine.surroundings) }
        guard let door = LoopbackDoor(parsing: admin) else {
            throw ValidationError(
                "--admin must be a door on this machine. Such as 127.0.0.1:8123 or unix:/run/ostiary.sock"
            )
        }
        return door
    }
}
