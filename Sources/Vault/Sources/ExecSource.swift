public import OstiaryCore

/// A command that prints the key: a password manager's, a cloud's, one's own.
public struct ExecSource: KeySource {
    public static let kind = "exec"
    public static let form = "exec: {command: [PROGRAM, ARGUMENT]}"
    public static let trimsLineEnd = true
    public static let standardTTL: Double? = 300

    let command: ChildCommand
    /// Variables that are passed on besides the standard ones.
    let passed: [String]

    /// - Parameters:
    ///   - command: the program and its arguments, or one line for the shell.
    ///   - passed: names of variables of the gate's environment that the program may see; they may hold secrets.
    public init(command: [String], shell: Bool = false, passing passed: [String] = []) {
        self.command = ChildCommand(arguments: shell ? ["/bin/sh", "-c"] + command : command)
        self.passed = passed
    }

    /// The program alone, as an argument may be what nobody else should read.
    public var label: String {
        "command \(FilePath.shown(FilePath.name(of: command.arguments.first ?? "")))"
    }

    public var variables: [String] { ChildCommand.standardVariables }

    /// Those of the passed variables that may hold secrets: all that no program could do without.
    public static func secretVariables(_ passed: [String]) -> [String] {
        passed.filter { !ChildCommand.standardVariables.contains($0) }
    }

    public func fetch(_ surroundings: Surroundings) async throws(SourceFault) -> KeyMaterial {
        var printed = try await command.output(surroundings, passing: passed, label: label)
        defer { wipe(&printed) }
        let output: HelperOutput
        do throws(HelperOutput.Fault) {
            output = try HelperOutput.read(printed)
        } catch {
            switch error {
            case .empty: throw .empty(label: label)
            case .noKey: throw .refused(label: label, reason: "it printed JSON without token, api_key or access_token")
            case .unreadable: throw .refused(label: label, reason: "it printed JSON of a form that is not known")
            }
        }
        switch consume output {
        case .key(let secret, let expires, let life): return KeyMaterial(secret, life: life, expires: expires)
        case .aws:
            throw .refused(label: label, reason: "it printed credentials of AWS, which are no provider's key")
        }
    }
}
