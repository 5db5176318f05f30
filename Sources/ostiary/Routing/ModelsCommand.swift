import ArgumentParser
import OstiaryCore
import OstiaryModels
import OstiaryServer

/// `ostiary models`: what can be asked for, and who answers.
struct ModelsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "models",
        abstract: "list the models of a configuration and who answers for them",
        discussion: """
            the lines of `models`, in their order; what a provider behind a pattern offers is its own to say, and \
            GET /v1/models asks it

              ostiary models --config ostiary.yaml
            """
    )

    @OptionGroup var place: Where

    @Flag(help: "print the list as JSON")
    var json = false

    func run() throws {
        let models = try place.load(mode: .serving).models
        Voice.standard.print(json ? Self.json(models) : Self.text(models))
    }

    private static func places(_ model: Configuration.Model) -> [String] {
        let name = { (provider: String, upstream: String?) in upstream.map { "\(provider) as \($0)" } ?? provider }
        return [name(model.provider, model.upstream)] + model.others.map { name($0.provider, $0.upstream) }
    }

    static func text(_ models: [Configuration.Model]) -> String {
        let width = models.map(\.name.count).max() ?? 0
        return models.map { model in
            let space = String(repeating: " ", count: width - model.name.count + 2)
            let choice = model.others.isEmpty || model.choose == .order ? "" : ", by \(model.choose.rawValue)"
            return AnswerStream.plain(model.name + space + places(model).joined(separator: ", then ") + choice) + "\n"
        }.joined()
    }

    static func json(_ models: [Configuration.Model]) -> String {
        let list = models.map { model in
            JSONValue.members(
                ("name", .string(model.name)),
                ("choose", .string(model.choose.rawValue)),
                (
                    "providers",
                    .array(
                        [(model.provider, model.upstream)].map(Self.place)
                            + model.others.map { Self.place(($0.provider, $0.upstream)) }
                    )
                )
            )
        }
        return JSONText.pretty(.members(("models", .array(list)))) + "\n"
    }

    private static func place(_ place: (provider: String, upstream: String?)) -> JSONValue {
        .members(
            ("provider", .string(place.provider)),
            ("name", place.upstream.map { .string($0) } ?? .null)
        )
    }
}
