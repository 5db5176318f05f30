import ArgumentParser
import OstiaryCore
import OstiaryServer

/// `ostiary check`: tells everything that is wrong with a configuration, or what one may hold.
struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "tell everything that is wrong with a configuration",
        discussion: """
            without FILE it checks the environment alone; nothing is started and nothing is fetched

              ostiary check ostiary.yaml
              ostiary check --schema > ostiary.schema.json
            """
    )

    @Argument(help: "the configuration file", completion: .file(extensions: ["yaml", "yml"]))
    var file: String?

    @Flag(help: "print the JSON Schema (draft 2020-12) of the file")
    var schema = false

    @Flag(help: "print the reference of all keys in Markdown")
    var reference = false

    @Flag(help: "print the outcome as JSON")
    var json = false

    func validate() throws {
        if schema && reference { throw ValidationError("--schema and --reference are two things. Give one of them") }
        if schema || reference, file != nil || json {
            throw ValidationError("--schema and --reference take neither a file nor --json")
        }
    }

    func run() throws {
        let voice = Voice.standard
        if schema { return voice.print(JSONText.pretty(Configuration.jsonSchema) + "\n") }
        if reference { return voice.print(Configuration.reference) }
        do throws(Configuration.Faults) {
            let configuration = try Configuration.load(file: file, surroundings: Machine.surroundings)
            let warnings = configuration.warnings(Machine.surroundings, now: SystemClock().now)
            voice.print(json ? Self.json(file, nil, warnings) : Self.summary(file, configuration))
            if !json { for warning in warnings { voice.warn(warning) } }
        } catch {
            if json { voice.print(Self.json(file, error)) } else { voice.tell(error) }
            throw Status.usage
        }
    }

    static func summary(_ file: String?, _ configuration: Configuration) -> String {
        let parts = [
            Voice.count(configuration.identity.jwt.count, "issuer"),
            Voice.count(configuration.providers.count, "provider"),
            Voice.count(configuration.models.count, "model"),
        ]
        return "\(file ?? "the environment") is good: \(parts.joined(separator: ", "))\n"
    }

    /// `{"file": …, "good": …, "faults": […], "warnings": […]}`; a fault has `file`, `line` and `column`, or `variable`, or `flag`.
    static func json(_ file: String?, _ faults: Configuration.Faults?, _ warnings: [String] = []) -> String {
        let list = (faults?.all ?? []).map(\.json)
        let outcome = JSONObject(members: [
            .init(name: "file", value: file.map(JSONValue.string) ?? .null),
            .init(name: "good", value: .bool(list.isEmpty)),
            .init(name: "faults", value: .array(list)),
            .init(name: "warnings", value: .array(warnings.map(JSONValue.string))),
        ])
        return JSONText.pretty(.object(outcome)) + "\n"
    }
}
