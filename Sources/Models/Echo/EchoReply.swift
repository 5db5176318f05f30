import OstiaryCore

/// What the built-in model says to a prompt, before any API spells it.
struct EchoReply {
    struct Call {
        let id: String
        let name: String
        /// JSON text.
        let arguments: String
    }

    enum Finish {
        case stop, length, calls
    }

    let words: [String]
    let calls: [Call]
    let finish: Finish
    /// The stop that ended it; `nil` for another end.
    let stop: String?
    let promptTokens: Int
    let completionTokens: Int

    var text: String { words.joined() }

    init(_ prompt: EchoPrompt, id: RequestID) {
        promptTokens = prompt.tokens
        let calls = prompt.callsTools ? prompt.tools.calls(in: prompt.text) : []
        if !calls.isEmpty {
            words = []
            self.calls = calls.enumerated()
                .map { Call(id: EchoID.call(id, $0.offset), name: $0.element.name, arguments: $0.element.arguments) }
            finish = .calls
            stop = nil
            completionTokens = calls.reduce(0) { $0 + 1 + EchoWords.count($1.arguments) }
            return
        }
        let (text, finish, stop) = prompt.ending.apply(to: prompt.format.spell(prompt.text))
        words = text
        self.calls = []
        self.finish = finish
        self.stop = stop
        completionTokens = text.count
    }
}

/// What is asked of the built-in model, whichever API asked.
struct EchoPrompt {
    /// What to repeat.
    var text: String
    /// Words in all that the client sent.
    var tokens: Int
    /// Whether `text` is a user's, who may be answered with tool calls; a tool's result is answered with text.
    var callsTools = true
    var tools = EchoTools()
    var ending = EchoEnding()
    var format = EchoFormat.text
}

extension EchoPrompt {
    /// What a conversation's end asks for.
    /// - Parameters:
    ///   - results: what tools said since the last answer.
    ///   - text: what to repeat where none did.
    init(answering results: [String], else text: String, tokens: Int) {
        self.init(text: text, tokens: tokens)
        guard !results.isEmpty else { return }
        self.text = "The tool said: \(results.joined(separator: "\n"))"
        callsTools = false
    }
}

/// Where an answer stops.
struct EchoEnding {
    /// The most words of any answer.
    static let most = 4096
    /// The longest stop in bytes.
    static let longestStop = 256

    var limit: Int?
    var stops: [String] = []

    func apply(to text: String) -> ([String], EchoReply.Finish, stop: String?) {
        let limit = min(limit ?? Self.most, Self.most)
        // The limit first: it bounds what is searched.
        let words = EchoWords.split(text, most: limit + 1)
        let kept = words.prefix(limit).joined()
        let found = stops.compactMap { stop in Self.first(stop, in: kept).map { (end: $0, stop: stop) } }
        if let first = found.min(by: { $0.end < $1.end }) {
            let text = String(decoding: kept.utf8.prefix(first.end), as: UTF8.self)
            return (EchoWords.split(text, most: limit), .stop, first.stop)
        }
        return words.count > limit ? (Array(words.prefix(limit)), .length, nil) : (words, .stop, nil)
    }

    private static func first(_ needle: String, in text: String) -> Int? {
        let needle = Array(needle.utf8)
        let bytes = Array(text.utf8)
        guard !needle.isEmpty else { return nil }
        return bytes.indices.first { bytes[$0...].starts(with: needle) }
    }
}

/// The form an answer must have.
enum EchoFormat {
    case text
    case jsonObject
    case jsonSchema(JSONValue)

    func spell(_ text: String) -> String {
        switch self {
        case .text: text
        case .jsonObject:
            String(decoding: JSONWriter.write(.members(("echo", .string(text)))), as: UTF8.self)
        case .jsonSchema(let schema):
            String(decoding: JSONWriter.write(SchemaExample.smallest(schema)), as: UTF8.self)
        }
    }

    /// Reads `response_format` and, with its flat schema, `text.format`.
    static func read(_ members: EchoMembers?) throws(EchoFault) -> EchoFormat {
        guard let members else { return .text }
        switch try members.requiredText("type") {
        case "text": return .text
        case "json_object": return .jsonObject
        case "json_schema":
            let holder = try members.members("json_schema") ?? members
            _ = try holder.requiredText("name")
            return .jsonSchema(holder["schema"] ?? .members())
        default: throw .value(members.path("type"), "one of 'text', 'json_object' and 'json_schema'")
        }
    }
}

/// Names made from the request's own, so that the same call gives the same answer.
enum EchoID {
    static func name(_ prefix: String, _ id: RequestID) -> String {
        "\(prefix)\(id.description.dropFirst(4))"
    }

    static func call(_ id: RequestID, _ position: Int) -> String {
        "call_\(id.description.dropFirst(4))_\(position)"
    }
}
