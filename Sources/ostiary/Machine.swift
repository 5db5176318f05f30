import Foundation
import OstiaryServer

/// What the command sees of the machine it runs on.
enum Machine {
    static var variables: [String: String] { ProcessInfo.processInfo.environment }

    /// The command line's first word after the program's name.
    static var firstWord: String? { CommandLine.arguments.dropFirst().first }

    static var surroundings: Configuration.Surroundings { .machine(variables: variables) }
}
