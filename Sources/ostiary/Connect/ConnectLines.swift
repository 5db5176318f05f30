import ArgumentParser
import OstiaryCore
import OstiaryServer

/// One variable as shells are told to set it.
struct ShellVariable: Hashable {
    enum Value: Hashable {
        case text(String)
        /// What a command prints when the line is run.
        case output(HelperCommand)
    }

    let name: String
    let value: Value

    /// For a POSIX shell.
    var posix: String {
        switch value {
        case .text(let text): "export \(name)=\(Shell.quoted(text))"
        case .output(let command): "export \(name)=\"$(\(command.line))\""
        }
    }

    var fish: String {
        switch value {
        case .text(let text): "set -gx \(name) \(Self.fishQuoted(text))"
        case .output(let command):
            "set -gx \(name) (\(command.words.map(Self.fishWord).joined(separator: " ")))"
        }
    }

    private static func fishWord(_ word: String) -> String {
        word.utf8.allSatisfy {
            $0 > 0x2c && $0 < 0x7b && $0 != 0x3b && $0 != 0x3c && $0 != 0x3e && $0 != 0x3f
                && $0 != 0x5b && $0 != 0x5c && $0 != 0x5d && $0 != 0x5e && $0 != 0x60
        } ? word : fishQuoted(word)
    }

    private static func fishQuoted(_ text: String) -> String {
        "'" + text.replacing("\\", with: "\\\\").replacing("'", with: "\\'") + "'"
    }

    /// `{"name": …, "value": …}` or `{"name": …, "command": [ … ]}`.
    var json: JSONValue {
        let said: JSONObject.Member =
            switch value {
            case .text(let text): .init(name: "value", value: .string(text))
            case .output(let command): .init(name: "command", value: .array(command.words.map(JSONValue.string)))
            }
        return .object(JSONObject(members: [.init(name: "name", value: .string(name)), said]))
    }

    static func ofOpenAI(_ gate: GateURL, _ helper: HelperCommand) -> [ShellVariable] {
        [
            ShellVariable(name: "OPENAI_BASE_URL", value: .text(gate.openAI)),
            ShellVariable(name: "OPENAI_API_KEY", value: .output(helper)),
        ]
    }

    static func ofAnthropic(_ gate: GateURL, _ helper: HelperCommand) -> [ShellVariable] {
        [
            ShellVariable(name: "ANTHROPIC_BASE_URL", value: .text(gate.anthropic)),
            ShellVariable(name: "ANTHROPIC_AUTH_TOKEN", value: .output(helper)),
        ]
    }
}

/// How lines for a shell are printed.
struct LineForm: ParsableArguments {
    @Flag(help: "for the shell fish")
    var fish = false

    @Flag(help: "print the variables as JSON")
    var json = false

    func validate() throws {
        if fish && json { throw ValidationError("--fish and --json are two things. Give one of them") }
    }

    func print(_ variables: [ShellVariable], _ voice: Voice) {
        if json {
            let list = JSONObject(members: [.init(name: "variables", value: .array(variables.map(\.json)))])
            return voice.print(JSONText.pretty(.object(list)) + "\n")
        }
        for variable in variables { voice.print((fish ? variable.fish : variable.posix) + "\n") }
    }
}

/// `ostiary connect openai`: lines for a shell, for everything that uses OpenAI's libraries.
struct ConnectOpenAI: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "openai",
        abstract: "print shell lines for clients of OpenAI's libraries",
        discussion: """
            the token is fetched when the lines are run, and lives as long as it says; run them again for another

              eval "$(ostiary connect openai)"
              ostiary connect openai --fish | source
            """
    )

    @OptionGroup var place: GatePlace
    @OptionGroup var form: LineForm

    func run() throws {
        let gate = try place.gate()
        form.print(ShellVariable.ofOpenAI(gate, try place.helper(for: "openai")), Voice.standard)
        Voice.standard.warn(of: Conflict.ofOpenAI(Machine.variables, url: gate.openAI, isLoopback: gate.isLoopback))
    }
}

/// `ostiary connect env`: lines for a shell, for all clients that can be told by variables.
struct ConnectEnvironment: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "env",
        abstract: "print shell lines for every client that reads variables",
        discussion: """
            the tokens are fetched when the lines are run. Claude Code does better with its helper, which brings a \
            new token before one expires: ostiary connect claude-code

              eval "$(ostiary connect env)"
              ostiary connect env --fish | source
            """
    )

    @OptionGroup var place: GatePlace
    @OptionGroup var form: LineForm

    func run() throws {
        let gate = try place.gate()
        let variables =
            ShellVariable.ofAnthropic(gate, try place.helper(for: "anthropic"))
            + ShellVariable.ofOpenAI(gate, try place.helper(for: "openai"))
        form.print(variables, Voice.standard)
        Voice.standard.warn(of: Conflict.ofOpenAI(Machine.variables, url: gate.openAI, isLoopback: gate.isLoopback))
    }
}
