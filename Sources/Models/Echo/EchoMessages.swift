import OstiaryCore

/// `/v1/messages`, Anthropic's API.
struct EchoMessages: Sendable {
    private static let roles = ["user", "assistant", "system"]

    private let context: EchoContext
    private let reply: EchoReply
    private let isStream: Bool

    init(_ request: EchoMembers, _ context: EchoContext) throws(EchoFault) {
        self.context = context
        isStream = try request.flag("stream")
        var prompt = try Self.prompt(request)
        prompt.tools = try EchoTools.readMessages(request)
        guard let limit = try request.integer("max_tokens", in: 1...1_000_000_000) else {
            throw .missing("max_tokens")
        }
        prompt.ending = EchoEnding(limit: limit, stops: try Self.stops(request))
        if let format = try request.members("output_config")?.members("format") {
            guard try format.requiredText("type") == "json_schema" else {
                throw .value(format.path("type"), "'json_schema'")
            }
            prompt.format = .jsonSchema(format["schema"] ?? .members())
        }
        reply = EchoReply(prompt, id: context.id)
    }

    var answer: EchoAnswer { isStream ? stream : .whole(message(isDone: true)) }

    // MARK: The prompt

    private static func prompt(_ request: EchoMembers) throws(EchoFault) -> EchoPrompt {
        let messages = try request.messages()
        var tokens = EchoWords.count(try text(request, "system"))
        var lastUser: String?
        var results: [String] = []
        var last = ""
        for message in messages {
            let role = try message.role(among: roles)
            guard message["content"] != nil else { throw .missing(message.path("content")) }
            let text = try Self.text(message, "content")
            let found = try Self.results(message)
            tokens += EchoWords.count(text) + found.reduce(0) { $0 + EchoWords.count($1) }
            last = text
            // A note of the system's between a result and its answer is no answer.
            if role != "system" { results = found }
            if role == "user" { lastUser = text }
        }
        return EchoPrompt(answering: results, else: lastUser ?? last, tokens: tokens)
    }

    private static func text(_ members: EchoMembers, _ name: String) throws(EchoFault) -> String {
        try members.joined(name, types: ["text"], noun: "blocks") ?? ""
    }

    /// What the message's tool results say.
    private static func results(_ message: EchoMembers) throws(EchoFault) -> [String] {
        guard message["content"]?.array != nil else { return [] }
        var results: [String] = []
        for block in try message.objects("content") ?? [] where try block.requiredText("type") == "tool_result" {
            _ = try block.requiredText("tool_use_id")
            results.append(try text(block, "content"))
        }
        return results
    }

    private static func stops(_ request: EchoMembers) throws(EchoFault) -> [String] {
        var stops: [String] = []
        for (position, value) in (try request.list("stop_sequences") ?? []).prefix(64).enumerated() {
            guard let text = value.string else { throw .type("stop_sequences[\(position)]", "a string") }
            guard text.utf8.count <= EchoEnding.longestStop else {
                throw .value("stop_sequences", "at most \(EchoEnding.longestStop) bytes each")
            }
            stops.append(text)
        }
        return stops
    }

    // MARK: The message

    private var stopReason: String {
        switch reply.finish {
        case .stop: reply.stop == nil ? "end_turn" : "stop_sequence"
        case .length: "max_tokens"
        case .calls: "tool_use"
        }
    }

    private var stopSequence: JSONValue { reply.stop.map { .string($0) } ?? .null }

    private func message(isDone: Bool) -> JSONValue {
        .members(
            ("id", .string(EchoID.name("msg_", context.id))),
            ("type", .string("message")),
            ("role", .string("assistant")),
            ("model", .string(context.model)),
            ("content", .array(isDone ? blocks : [])),
            ("stop_reason", isDone ? .string(stopReason) : .null),
            ("stop_sequence", isDone ? stopSequence : .null),
            ("stop_details", .null),
            ("usage", usage(output: isDone ? reply.completionTokens : 1))
        )
    }

    private var blocks: [JSONValue] {
        guard reply.calls.isEmpty else { return reply.calls.map { Self.call($0, isDone: true) } }
        return reply.words.isEmpty ? [] : [.members(("type", .string("text")), ("text", .string(reply.text)))]
    }

    private static func call(_ call: EchoReply.Call, isDone: Bool) -> JSONValue {
        let input = try? JSONReader.read(Array(call.arguments.utf8))
        return .members(
            ("type", .string("tool_use")),
            ("id", .string(call.id)),
            ("name", .string(call.name)),
            ("input", isDone ? input ?? .members() : .members())
        )
    }

    private func usage(output: Int) -> JSONValue {
        .members(
            ("input_tokens", .integer(reply.promptTokens)),
            ("cache_creation_input_tokens", .integer(0)),
            ("cache_read_input_tokens", .integer(0)),
            ("output_tokens", .integer(output)),
            ("service_tier", .string("standard"))
        )
    }

    // MARK: The stream

    private enum Step: Sendable {
        case start
        case blockStart(Int), blockStop(Int)
        case word(String)
        case arguments(Int, String)
        case delta, stop
    }

    private var stream: EchoAnswer {
        var steps: [Step] = [.start]
        for index in reply.calls.indices {
            steps.append(.blockStart(index))
            steps += EchoWords.pieces(reply.calls[index].arguments).map { .arguments(index, $0) }
            steps.append(.blockStop(index))
        }
        if !reply.words.isEmpty {
            steps.append(.blockStart(0))
            steps += reply.words.map { .word($0) }
            steps.append(.blockStop(0))
        }
        steps += [.delta, .stop]
        let all = steps
        return .namedEvents(all.count) { position in event(all[position]) }
    }

    private func event(_ step: Step) -> (String, JSONValue) {
        func named(_ type: String, _ members: (name: String, value: JSONValue)...) -> (String, JSONValue) {
            let head = [JSONObject.Member(name: "type", value: .string(type))]
            let rest = members.map { JSONObject.Member(name: $0.name, value: $0.value) }
            return (type, .object(JSONObject(members: head + rest)))
        }
        switch step {
        case .start: return named("message_start", ("message", message(isDone: false)))
        case .blockStart(let index):
            let block =
                reply.calls.isEmpty
                ? JSONValue.members(("type", .string("text")), ("text", .string("")))
                : Self.call(reply.calls[index], isDone: false)
            return named("content_block_start", ("index", .integer(index)), ("content_block", block))
        case .word(let word):
            let delta = JSONValue.members(("type", .string("text_delta")), ("text", .string(word)))
            return named("content_block_delta", ("index", .integer(0)), ("delta", delta))
        case .arguments(let index, let piece):
            let delta = JSONValue.members(("type", .string("input_json_delta")), ("partial_json", .string(piece)))
            return named("content_block_delta", ("index", .integer(index)), ("delta", delta))
        case .blockStop(let index): return named("content_block_stop", ("index", .integer(index)))
        case .delta:
            return named(
                "message_delta",
                (
                    "delta",
                    .members(
                        ("stop_reason", .string(stopReason)),
                        ("stop_sequence", stopSequence),
                        ("stop_details", .null)
                    )
                ),
                ("usage", usage(output: reply.completionTokens))
            )
        case .stop: return named("message_stop")
        }
    }
}

extension EchoTools {
    /// Reads `tools` and `tool_choice` as Messages have them. The provider's own tools are offered to nobody here.
    static func readMessages(_ request: EchoMembers) throws(EchoFault) -> EchoTools {
        var read = EchoTools()
        for tool in try request.objects("tools") ?? [] {
            guard try tool.text("type") ?? "custom" == "custom" else { continue }
            let name = try tool.requiredText("name")
            guard 1...128 ~= name.utf8.count, name.utf8.allSatisfy(isName) else {
                throw .value(tool.path("name"), "1 to 128 of the characters a-z, A-Z, 0-9, _ and -")
            }
            guard let schema = tool["input_schema"] else { throw .missing(tool.path("input_schema")) }
            read.tools.append(Tool(name: name, parameters: schema))
        }
        guard let choice = try request.members("tool_choice") else { return read }
        switch try choice.requiredText("type") {
        case "auto": read.choice = .auto
        case "any": read.choice = .required
        case "none": read.choice = .none
        case "tool":
            let name = try choice.requiredText("name")
            guard read.tools.contains(where: { $0.name == name }) else {
                throw .value(choice.path("name"), "the name of one of 'tools'")
            }
            read.choice = .named(name)
        default: throw .value(choice.path("type"), "'auto', 'any', 'tool' or 'none'")
        }
        return read
    }
}
