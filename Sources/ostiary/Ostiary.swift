import ArgumentParser
import OstiarySupervisor

/// The command `ostiary`. Alone it says what it is and what to type first.
@main
struct Ostiary: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ostiary",
        abstract: "a gate between AI clients and model providers",
        discussion: """
            results go to standard output, everything else to standard error

            exit status
              0   done
              1   nobody agreed, or doctor has warnings
              2   the command line or the configuration is wrong
              65  a client's settings file cannot be understood
              66  there is nothing to take back
              69  no gate answers, or it is starting or going down
              70  the gate did not end in time and was ended by force
              71  the system does not let the gate have what it needs
              76  a gate answered with something else than it should
              77  the gate refused

            ostiary token and ostiary run have lists of their own: ostiary help token, ostiary help run
            """,
        version: "ostiary \(VersionReport.current.version)",
        subcommands: [
            Up.self, Try.self, Check.self, Doctor.self, Serve.self, Reload.self, VaultCommand.self, KeysCommand.self,
            NucCommandLine.self, Connect.self, Run.self, Token.self, ModelsCommand.self, ExplainCommand.self,
            PrintVersion.self,
            Completions.self, SuperviseChild.self,
        ]
    )

    /// What `ostiary` alone prints.
    static let shortHelp = """
        ostiary is a gate between AI clients and model providers: it knows who calls, and lends the key

          ostiary up                     start a gate to try things with; no account needed
          ostiary try "hello"            send one request through it
          ostiary check ostiary.yaml     tell everything that is wrong with a configuration
          ostiary serve --config FILE    run the gate
          ostiary connect claude-code    have a client call it
          ostiary run -- COMMAND         run a program with a key that is lent to it
          ostiary doctor                 find what keeps it from working

        for example
          ostiary serve --config ostiary.yaml --dry-run

        ostiary --help lists all commands, ostiary help COMMAND says more

        """

    func run() async throws {
        Voice.standard.print(Self.shortHelp)
    }

    static func main() async {
        if let arguments = SuperviseChild.arguments { Guardian.main(arguments) }
        do {
            if let errand = TokenErrand(helper: CommandLine.arguments) { return try await errand.run(Voice.standard) }
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            Voice.standard.end(error)
        }
    }
}
