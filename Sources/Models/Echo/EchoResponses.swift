import OstiaryCore

/// `/v1/responses`.
struct EchoResponses: Sendable {
    private let context: EchoContext
    private let reply: EchoReply
    private let isStream: Bool
    private let instructions: JSONValue
    private let limit: JSONValue
    private let tools: JSONValue
    private let choice: JSONValue

    init(_ request: EchoMembers, _ context: EchoContext) throws(EchoFault) {
        self.context = context
        isStream = try request.flag("stream")
        if request["previous_response_id"] != nil {
            throw EchoFault(
                message: "The echo model keeps no responses to go on from.",
                code: "previous_response_not_found",
                parameter: "previous_response_id"
            )
        }
        let instructions = try request.text("instructions")
        self.instructions = instructions.map { .string($0) } ?? .null
        tools = request["tools"] ?? .array([])
        choice = request["tool_choice"] ?? .string("auto")

        var prompt = try Self.prompt(request)
        prompt.tokens += EchoWords.count(instructions ?? "")
        prompt.tools = try EchoTools.read(request, isFlat: true)
        prompt.ending = EchoEnding(limit: try request.integer("max_output_tokens", in: 1...1_000_000_000))
        prompt.format = try EchoFormat.read(request.members("text")?.members("format"))
        limit = prompt.ending.limit.map { .integer($0) } ?? .null
        reply = EchoReply(prompt, id: context.id)
    }

    var answer: EchoAnswer { isStream ? stream : .whole(response(isDone: true)) }

    // MARK: The prompt

    private static func prompt(_ request: EchoMembers) throws(EchoFault) -> EchoPrompt {
        guard let input = request["input"] else { throw .missing("input") }
        if let text = input.string { return EchoPrompt(text: text, tokens: EchoWords.count(text)) }
        guard input.array != nil else { throw .type("input", "a string or an array of items") }
        let items = try request.objects("input") ?? []
        guard !items.isEmpty else { throw .value("input", "at least one item") }
        var tokens = 0
        var lastUser: String?
        var last = ""
        var results: [String] = []
        for item in items {
            let type = try item.text("type") ?? "message"
            let isResult = type == "function_call_output"
            guard isResult || type == "message" else {
                results = []
                continue
            }
            let place = isResult ? "output" : "content"
            guard let text = try item.joined(place, types: ["input_text", "output_text"], noun: "parts") else {
                throw .missing(item.path(place))
            }
            tokens += EchoWords.count(text)
            last = text
            if isResult {
                _ = try item.requiredText("call_id")
                results.append(text)
            } else {
                results = []
                if try item.requiredText("role") == "user" { lastUser = text }
            }
        }
        return EchoPrompt(answering: results, else: lastUser ?? last, tokens: tokens)
    }

    // MARK: The response object

    private var isIncomplete: Bool { reply.finish == .length }

    private func response(isDone: Bool) -> JSONValue {
        .members(
            ("id", .string(EchoID.name("resp_", context.id))),
            ("object", .string("response")),
            ("created_at", .integer(context.created)),
            ("completed_at", isDone && !isIncomplete ? .integer(context.created) : .null),
            ("status", .string(isDone ? (isIncomplete ? "incomplete" : "completed") : "in_progress")),
            ("background", .bool(false)),
            ("error", .null),
            (
                "incomplete_details",
                isDone && isIncomplete ? .members(("reason", .string("max_output_tokens"))) : .null
            ),
            ("instructions", instructions),
            ("max_output_tokens", limit),
            ("metadata", .members()),
            ("model", .string(context.model)),
            ("output", .array(isDone ? items.indices.map { item($0, isDone: true) } : [])),
            ("parallel_tool_calls", .bool(true)),
            ("previous_response_id", .null),
            ("reasoning", .members(("effort", .null), ("summary", .null))),
            ("store", .bool(false)),
            ("temperature", .number(JSONNumber(text: "1.0"))),
            ("text", .members(("format", .members(("type", .string("text")))))),
            ("tool_choice", choice),
            ("tools", tools),
            ("top_p", .number(JSONNumber(text: "1.0"))),
            ("truncation", .string("disabled")),
            ("usage", isDone ? usage : .null),
            ("user", .null)
        )
    }

    private var usage: JSONValue {
        .members(
            ("input_tokens", .integer(reply.promptTokens)),
            ("input_tokens_details", .members(("cached_tokens", .integer(0)), ("cache_write_tokens", .integer(0)))),
            ("output_tokens", .integer(reply.completionTokens)),
            ("output_tokens_details", .members(("reasoning_tokens", .integer(0)))),
            ("total_tokens", .integer(reply.promptTokens + reply.completionTokens))
        )
    }

    /// The output's items: one message, or the calls.
    private var items: Range<Int> { 0..<max(1, reply.calls.count) }

    private func itemID(_ index: Int) -> String {
        EchoID.name(reply.calls.isEmpty ? "msg_" : "fc_", context.id) + (reply.calls.isEmpty ? "" : "_\(index)")
    }

    private func item(_ index: Int, isDone: Bool) -> JSONValue {
        let status = JSONValue.string(isDone ? (isIncomplete ? "incomplete" : "completed") : "in_progress")
        guard reply.calls.isEmpty else {
            let call = reply.calls[index]
            return .members(
                ("id", .string(itemID(index))),
                ("type", .string("function_call")),
                ("status", status),
                ("call_id", .string(call.id)),
                ("name", .string(call.name)),
                ("arguments", .string(isDone ? call.arguments : ""))
            )
        }
        return .members(
            ("id", .string(itemID(index))),
            ("type", .string("message")),
            ("status", status),
            ("role", .string("assistant")),
            ("content", .array(isDone ? [Self.part(reply.text)] : []))
        )
    }

    private static func part(_ text: String) -> JSONValue {
        .members(
            ("type", .string("output_text")),
            ("text", .string(text)),
            ("annotations", .array([])),
            ("logprobs", .array([]))
        )
    }

    // MARK: The stream

    private enum Step: Sendable {
        case created, inProgress
        case itemAdded(Int), itemDone(Int)
        case partAdded, partDone
        case word(String), textDone
        case arguments(Int, String), argumentsDone(Int)
        case end
    }

    private var stream: EchoAnswer {
        var steps: [Step] = [.created, .inProgress]
        for index in items {
            steps.append(.itemAdded(index))
            if reply.calls.isEmpty {
                steps.append(.partAdded)
                steps += reply.words.map { .word($0) }
                steps += [.textDone, .partDone]
            } else {
                steps += EchoWords.pieces(reply.calls[index].arguments).map { .arguments(index, $0) }
                steps.append(.argumentsDone(index))
            }
            steps.append(.itemDone(index))
        }
        steps.append(.end)
        let all = steps
        return .namedEvents(all.count) { position in event(all[position], position) }
    }

    private func event(_ step: Step, _ number: Int) -> (String, JSONValue) {
        let (name, members) = content(step)
        let type = "response.\(name)"
        let head: [JSONObject.Member] = [
            .init(name: "type", value: .string(type)),
            .init(name: "sequence_number", value: .integer(number)),
        ]
        return (type, .object(JSONObject(members: head + members.map { .init(name: $0.0, value: $0.1) })))
    }

    private func content(_ step: Step) -> (String, [(String, JSONValue)]) {
        func item(_ index: Int) -> [(String, JSONValue)] {
            [("item_id", .string(itemID(index))), ("output_index", .integer(index))]
        }
        let part = item(0) + [("content_index", .integer(0))]
        switch step {
        case .created: return ("created", [("response", response(isDone: false))])
        case .inProgress: return ("in_progress", [("response", response(isDone: false))])
        case .itemAdded(let index):
            return (
                "output_item.added",
                [("output_index", .integer(index)), ("item", self.item(index, isDone: false))]
            )
        case .itemDone(let index):
            return (
                "output_item.done",
                [("output_index", .integer(index)), ("item", self.item(index, isDone: true))]
            )
        case .partAdded: return ("content_part.added", part + [("part", Self.part(""))])
        case .partDone: return ("content_part.done", part + [("part", Self.part(reply.text))])
        case .word(let word):
            return ("output_text.delta", part + [("delta", .string(word)), ("logprobs", .array([]))])
        case .textDone:
            return ("output_text.done", part + [("text", .string(reply.text)), ("logprobs", .array([]))])
        case .arguments(let index, let piece):
            return ("function_call_arguments.delta", item(index) + [("delta", .string(piece))])
        case .argumentsDone(let index):
            return (
                "function_call_arguments.done",
                item(index) + [
                    ("name", .string(reply.calls[index].name)), ("arguments", .string(reply.calls[index].arguments)),
                ]
            )
        case .end:
            return (isIncomplete ? "incomplete" : "completed", [("response", response(isDone: true))])
        }
    }
}
