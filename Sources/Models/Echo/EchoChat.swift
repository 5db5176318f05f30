import OstiaryCore

/// `/v1/chat/completions`.
struct EchoChat: Sendable {
    private static let roles = ["developer", "system", "user", "assistant", "tool", "function"]

    private let context: EchoContext
    private let reply: EchoReply
    private let choices: Int
    private let isStream: Bool
    private let includesUsage: Bool

    init(_ request: EchoMembers, _ context: EchoContext) throws(EchoFault) {
        self.context = context
        isStream = try request.flag("stream")
        let options = try request.members("stream_options")
        if options != nil && !isStream {
            throw .value("stream_options", "no 'stream_options' unless 'stream' is true")
        }
        includesUsage = try options?.flag("include_usage") ?? false
        choices = try request.integer("n", in: 1...16) ?? 1

        var prompt = try Self.prompt(request)
        prompt.tools = try EchoTools.read(request, isFlat: false)
        prompt.ending = try EchoEnding.read(request, limits: ["max_completion_tokens", "max_tokens"])
        prompt.format = try EchoFormat.read(request.members("response_format"))
        reply = EchoReply(prompt, id: context.id)
    }

    var answer: EchoAnswer { isStream ? stream : .whole(whole) }

    // MARK: The prompt

    private static func prompt(_ request: EchoMembers) throws(EchoFault) -> EchoPrompt {
        let messages = try request.messages()
        var tokens = 0
        var lastUser: String?
        var results: [String] = []
        var last = ""
        for message in messages {
            let role = try message.role(among: roles)
            if role == "tool" { _ = try message.requiredText("tool_call_id") }
            let text = try message.joined("content", types: ["text"], noun: "parts") ?? ""
            tokens += EchoWords.count(text)
            last = text
            results = role == "tool" || role == "function" ? results + [text] : []
            if role == "user" { lastUser = text }
        }
        return EchoPrompt(answering: results, else: lastUser ?? last, tokens: tokens)
    }

    // MARK: The whole answer

    private var finish: JSONValue {
        switch reply.finish {
        case .stop: .string("stop")
        case .length: .string("length")
        case .calls: .string("tool_calls")
        }
    }

    private var whole: JSONValue {
        var message: [JSONObject.Member] = [
            .init(name: "role", value: .string("assistant")),
            .init(name: "content", value: reply.calls.isEmpty ? .string(reply.text) : .null),
            .init(name: "refusal", value: .null),
        ]
        if !reply.calls.isEmpty {
            message.append(.init(name: "tool_calls", value: .array(reply.calls.map { Self.call($0, $0.arguments) })))
        }
        let choices = (0..<choices)
            .map { index in
                JSONValue.members(
                    ("index", .integer(index)),
                    ("message", .object(JSONObject(members: message))),
                    ("logprobs", .null),
                    ("finish_reason", finish)
                )
            }
        return document("chat.completion", choices: choices, usage: usage)
    }

    private static func call(_ call: EchoReply.Call, _ arguments: String) -> JSONValue {
        .members(
            ("id", .string(call.id)),
            ("type", .string("function")),
            ("function", .members(("name", .string(call.name)), ("arguments", .string(arguments))))
        )
    }

    private func document(_ object: String, choices: [JSONValue], usage: JSONValue?) -> JSONValue {
        var members: [JSONObject.Member] = [
            .init(name: "id", value: .string(EchoID.name("chatcmpl-", context.id))),
            .init(name: "object", value: .string(object)),
            .init(name: "created", value: .integer(context.created)),
            .init(name: "model", value: .string(context.model)),
            .init(name: "service_tier", value: .string("default")),
            .init(name: "system_fingerprint", value: .string("fp_echo")),
            .init(name: "choices", value: .array(choices)),
        ]
        if let usage { members.append(.init(name: "usage", value: usage)) }
        return .object(JSONObject(members: members))
    }

    private var usage: JSONValue {
        let completion = reply.completionTokens * choices
        return .members(
            ("prompt_tokens", .integer(reply.promptTokens)),
            ("completion_tokens", .integer(completion)),
            ("total_tokens", .integer(reply.promptTokens + completion)),
            (
                "prompt_tokens_details",
                .members(
                    ("cached_tokens", .integer(0)),
                    ("cache_write_tokens", .integer(0)),
                    ("audio_tokens", .integer(0))
                )
            ),
            (
                "completion_tokens_details",
                .members(
                    ("reasoning_tokens", .integer(0)),
                    ("audio_tokens", .integer(0)),
                    ("accepted_prediction_tokens", .integer(0)),
                    ("rejected_prediction_tokens", .integer(0))
                )
            )
        )
    }

    // MARK: The stream

    private enum Step: Sendable {
        case role
        case word(String)
        case call(Int)
        case arguments(Int, String)
        case finish
        case usage
    }

    private var stream: EchoAnswer {
        var one: [Step] = [.role]
        for (position, call) in reply.calls.enumerated() {
            one.append(.call(position))
            one += EchoWords.pieces(call.arguments).map { .arguments(position, $0) }
        }
        one += reply.words.map { .word($0) }
        one.append(.finish)
        let perChoice = one
        let count = perChoice.count * choices + (includesUsage ? 1 : 0)
        return .unnamedEvents(count) { position in
            let choice = position / perChoice.count
            return chunk(choice < choices ? perChoice[position % perChoice.count] : .usage, choice)
        }
    }

    private func chunk(_ step: Step, _ choice: Int) -> JSONValue {
        let none: JSONValue? = includesUsage ? .null : nil
        if case .usage = step { return document("chat.completion.chunk", choices: [], usage: usage) }
        var isFinish = false
        if case .finish = step { isFinish = true }
        let choice = JSONValue.members(
            ("index", .integer(choice)),
            ("delta", delta(step)),
            ("logprobs", .null),
            ("finish_reason", isFinish ? finish : .null)
        )
        return document("chat.completion.chunk", choices: [choice], usage: none)
    }

    private func delta(_ step: Step) -> JSONValue {
        switch step {
        case .role:
            .members(
                ("role", .string("assistant")),
                ("content", reply.calls.isEmpty ? .string("") : .null),
                ("refusal", .null)
            )
        case .word(let word):
            .members(("content", .string(word)))
        case .call(let position):
            .members(
                (
                    "tool_calls",
                    .array([
                        .members(
                            ("index", .integer(position)),
                            ("id", .string(reply.calls[position].id)),
                            ("type", .string("function")),
                            (
                                "function",
                                .members(
                                    ("name", .string(reply.calls[position].name)),
                                    ("arguments", .string(""))
                                )
                            )
                        )
                    ])
                )
            )
        case .arguments(let position, let piece):
            .members(
                (
                    "tool_calls",
                    .array([
                        .members(
                            ("index", .integer(position)),
                            ("function", .members(("arguments", .string(piece))))
                        )
                    ])
                )
            )
        case .finish, .usage:
            .members()
        }
    }
}

extension EchoEnding {
    /// Reads `stop` and the first of the limits that is there.
    static func read(_ request: EchoMembers, limits: [String]) throws(EchoFault) -> EchoEnding {
        var ending = EchoEnding()
        for name in limits where ending.limit == nil {
            ending.limit = try request.integer(name, in: 1...1_000_000_000)
        }
        guard let stop = request["stop"] else { return ending }
        guard let several = stop.string.map({ [.string($0)] }) ?? stop.array else {
            throw .type("stop", "a string or an array of strings")
        }
        guard several.count <= 4 else { throw .value("stop", "at most 4 strings") }
        for (position, value) in several.enumerated() {
            guard let text = value.string else { throw .type("stop[\(position)]", "a string") }
            guard text.utf8.count <= longestStop else { throw .value("stop", "at most \(longestStop) bytes each") }
            ending.stops.append(text)
        }
        return ending
    }
}
