import ArgumentParser
import OstiaryCore
import OstiaryServer

/// `ostiary explain`: what the gate would decide about a call that is not made.
struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "say what the gate would decide about a call, without making it",
        discussion: """
            route, scopes, limits, and where the model goes: read from the configuration, in the order of the gate; \
            nobody is asked and no key is read. Exit status 77 when the call would be refused

              ostiary explain POST /v1/messages --as alice --model claude-sonnet-5-5 --config ostiary.yaml
            """
    )

    @Argument(help: "the method, such as POST")
    var method: String

    @Argument(help: "the path, such as /v1/messages")
    var path: String

    @Option(name: .customLong("as"), help: ArgumentHelp("who calls", valueName: "user"))
    var user: String?

    @Option(help: ArgumentHelp("the scopes of the token, divided by spaces", valueName: "scopes"))
    var scopes = "inference"

    @Option(help: "the model that is asked for")
    var model: String?

    @OptionGroup var place: Where

    @Flag(help: "print the decisions as JSON")
    var json = false

    func run() throws {
        let voice = Voice.standard
        guard let method = Method(rawValue: method.uppercased()) else {
            throw ValidationError("\(self.method) is no method. Such as POST")
        }
        guard path.hasPrefix("/") else { throw ValidationError("a path begins with a slash. Such as /v1/messages") }
        let question = Explanation.Question(
            method: method,
            path: path,
            user: user,
            scopes: scopes.split(separator: " ").map(String.init),
            model: model
        )
        let explanation: Explanation
        do {
            explanation = try Explanation(question, in: try place.load(mode: .serving))
        } catch let error as Running.Failure {
            voice.error("\(error)")
            throw Status.usage
        }
        voice.print(json ? Self.json(explanation) : Self.text(explanation))
        if !explanation.isAllowed { throw Status.refused }
    }

    static func text(_ explanation: Explanation) -> String {
        let width = explanation.lines.map(\.subject.count).max() ?? 0
        return explanation.lines.map { line in
            line.subject + String(repeating: " ", count: width - line.subject.count + 2) + line.words + "\n"
        }.joined()
    }

    static func json(_ explanation: Explanation) -> String {
        let lines = explanation.lines.map {
            JSONValue.members(("subject", .string($0.subject)), ("words", .string($0.words)))
        }
        return JSONText.pretty(
            .members(("allowed", .bool(explanation.isAllowed)), ("decisions", .array(lines)))
        ) + "\n"
    }
}
