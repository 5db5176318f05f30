import ArgumentParser
import OstiarySupervisor

/// `ostiary supervise-child -- argv`: the guardian of a child, started by the gate and by `ostiary run` and by nobody
/// else. `Ostiary.main` turns to it before anything else of the command runs, while there is one thread.
struct SuperviseChild: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "supervise-child",
        abstract: "guard one child of this program",
        shouldDisplay: false
    )

    /// The arguments behind `supervise-child --`, where that is what was called.
    static var arguments: [String]? {
        let arguments = CommandLine.arguments.dropFirst()
        guard arguments.first == configuration.commandName, arguments.dropFirst().first == "--" else { return nil }
        return Array(arguments.dropFirst(2))
    }

    func run() throws {
        Voice.standard.error("supervise-child is started by ostiary run and by the gate itself")
        Voice.standard.hint("ostiary run -- COMMAND")
        throw Status.usage
    }
}
