import Foundation
import OstiaryServer

/// What the command sees of the machine it runs on.
enum Machine {
    static var variables: [String: String] { ProcessInfo.processInfo.environment }

    /// The command line's first word after the program's name.
    static var firstWord: String? { CommandLine.arguments.dropFirst().first }

    /// The word behind `connect`, where that is the first.
    static var connected: String? { firstWord == "connect" ? CommandLine.arguments.dropFirst(2).first : nil }

    static var surroundings: Configuration.Surroundings { .machine(variables: variables) }
}
