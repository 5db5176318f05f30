import ArgumentParser
import OstiaryCore
import OstiaryServer

/// `ostiary connect codex`: what Codex needs, as a piece of its configuration.
struct ConnectCodex: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "codex",
        abstract: "print what Codex needs, for its config.toml",
        discussion: """
            it is printed and not written: config.toml is its owner's, with comments and an order that a program would have \
            to keep, and this one reads no TOML

            Codex runs the helper by itself, every four minutes and after each 401. It reads config.toml at its start; \
            the line model_provider must stand above the first line with brackets

              ostiary connect codex
              codex --config model_provider=ostiary
            """
    )

    @OptionGroup var place: GatePlace

    @Flag(help: "print it as JSON")
    var json = false

    func run() throws {
        let gate = try place.gate()
        let helper = try place.helper(for: "codex")
        let voice = Voice.standard
        voice.print(json ? Self.json(gate, helper) : Self.toml(gate, helper))
        voice.warn(of: Conflict.ofOpenAI(Machine.variables, url: gate.openAI, isLoopback: gate.isLoopback))
    }

    static func toml(_ gate: GateURL, _ helper: HelperCommand) -> String {
        """
        model_provider = "ostiary"

        [model_providers.ostiary]
        name = "Ostiary"
        base_url = \(quoted(gate.openAI))
        wire_api = "responses"

        [model_providers.ostiary.auth]
        command = \(quoted(helper.words[0]))
        args = [\(helper.words.dropFirst().map(quoted).joined(separator: ", "))]
        timeout_ms = 5000
        refresh_interval_ms = 240000

        """
    }

    private static func json(_ gate: GateURL, _ helper: HelperCommand) -> String {
        let members: [JSONObject.Member] = [
            .init(name: "base_url", value: .string(gate.openAI)),
            .init(name: "wire_api", value: .string("responses")),
            .init(name: "command", value: .array(helper.words.map(JSONValue.string))),
        ]
        return JSONText.pretty(.object(JSONObject(members: members))) + "\n"
    }

    /// A basic string of TOML, which escapes as JSON does.
    private static func quoted(_ text: String) -> String {
        String(decoding: JSONWriter.write(.string(text)), as: UTF8.self)
    }
}
