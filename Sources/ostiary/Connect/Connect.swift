import ArgumentParser
import OstiaryServer

/// `ostiary connect`: has a client call the gate, without a key in any file.
struct Connect: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "have a client call the gate",
        discussion: """
            no key and no token is written anywhere: what gives the client its token, ostiary token, is named instead

              ostiary connect claude-code
              ostiary connect codex
              eval "$(ostiary connect env)"
            """,
        subcommands: [ConnectClaudeCode.self, ConnectCodex.self, ConnectOpenAI.self, ConnectEnvironment.self]
    )
}

/// Where the gate is, as clients are told.
struct GatePlace: ParsableArguments {
    @Option(help: ArgumentHelp("the gate's public door", valueName: "url"))
    var url = "http://127.0.0.1:8080"

    @Option(help: ArgumentHelp("the gate's admin door, which gives tokens", valueName: "host:port or unix:path"))
    var admin: String?

    func gate() throws -> GateURL {
        guard let gate = GateURL(url) else {
            throw ValidationError(
                "--url must be https, or http on this machine, without a query. Such as http://127.0.0.1:8080"
            )
        }
        return gate
    }

    func helper(for client: String) throws -> HelperCommand {
        let door = try admin.map { try LoopbackDoor.named($0, config: nil) }
        let program = HelperCommand.program(path: Machine.variables["PATH"])
        return HelperCommand(client: client, admin: try door.map(Self.settled), program: program)
    }

    /// As the helper needs it, which is run in other folders.
    private static func settled(_ door: LoopbackDoor) throws -> String {
        switch door {
        case .address(let address): return "\(address)"
        case .socket(let path):
            guard path.first == "/" else {
                throw ValidationError(
                    "--admin must be a whole path here: the helper runs in other folders. Such as unix:/run/ostiary.sock"
                )
            }
            return "unix:\(path)"
        }
    }
}

extension Voice {
    func warn(of conflicts: [Conflict]) {
        for conflict in conflicts {
            warn(AnswerStream.plain(conflict.sentence))
            hint(AnswerStream.plain(conflict.remedy))
        }
    }
}
