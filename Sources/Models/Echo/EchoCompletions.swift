import OstiaryCore

/// `/v1/completions`, the API before chat.
struct EchoCompletions: Sendable {
    private let context: EchoContext
    /// One for each prompt and choice.
    private let replies: [EchoReply]
    private let promptTokens: Int
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
        let choices = try request.integer("n", in: 1...16) ?? 1
        let ending = try EchoEnding.read(request, limits: ["max_tokens"])
        guard request["prompt"] != nil else { throw .missing("prompt") }
        let prompts = try EchoInput.read(request, "prompt", most: 16)
        promptTokens = prompts.reduce(0) { $0 + $1.tokens }
        replies = prompts.flatMap { prompt in
            let prompt = EchoPrompt(text: prompt.text, tokens: prompt.tokens, ending: ending)
            return Array(repeating: EchoReply(prompt, id: context.id), count: choices)
        }
    }

    var answer: EchoAnswer { isStream ? stream : .whole(whole) }

    private var whole: JSONValue {
        let choices = replies.enumerated().map { Self.choice($0.offset, $0.element.text, $0.element.finish) }
        return document(choices: choices, usage: usage)
    }

    private static func choice(_ index: Int, _ text: String, _ finish: EchoReply.Finish?) -> JSONValue {
        .members(
            ("text", .string(text)),
            ("index", .integer(index)),
            ("logprobs", .null),
            ("finish_reason", finish.map { .string($0 == .length ? "length" : "stop") } ?? .null)
        )
    }

    private func document(choices: [JSONValue], usage: JSONValue?) -> JSONValue {
        var members: [JSONObject.Member] = [
            .init(name: "id", value: .string(EchoID.name("cmpl-", context.id))),
            .init(name: "object", value: .string("text_completion")),
            .init(name: "created", value: .integer(context.created)),
            .init(name: "model", value: .string(context.model)),
            .init(name: "system_fingerprint", value: .string("fp_echo")),
            .init(name: "choices", value: .array(choices)),
        ]
        if let usage { members.append(.init(name: "usage", value: usage)) }
        return .object(JSONObject(members: members))
    }

    private var usage: JSONValue {
        let completion = replies.reduce(0) { $0 + $1.completionTokens }
        return .members(
            ("prompt_tokens", .integer(promptTokens)),
            ("completion_tokens", .integer(completion)),
            ("total_tokens", .integer(promptTokens + completion))
        )
    }

    private var stream: EchoAnswer {
        // Where a step lies: the reply and the word, which is one past the last for the reply's end.
        let steps = replies.indices.flatMap { reply in
            (0...replies[reply].words.count).map { (reply: reply, word: $0) }
        }
        let none: JSONValue? = includesUsage ? .null : nil
        return .unnamedEvents(steps.count + (includesUsage ? 1 : 0)) { position in
            guard position < steps.count else { return document(choices: [], usage: usage) }
            let step = steps[position]
            let reply = replies[step.reply]
            let isEnd = step.word == reply.words.count
            let choice = Self.choice(step.reply, isEnd ? "" : reply.words[step.word], isEnd ? reply.finish : nil)
            return document(choices: [choice], usage: none)
        }
    }
}

/// One text of a `prompt` or `input`, which may also be given as token numbers.
struct EchoInput: Sendable {
    let text: String
    let tokens: Int

    /// Reads a string, an array of strings, an array of numbers or an array of arrays of numbers.
    static func read(_ request: EchoMembers, _ name: String, most: Int) throws(EchoFault) -> [EchoInput] {
        let expected = "a string, an array of strings, or an array of tokens"
        guard let value = request[name] else { throw .missing(name) }
        if let text = value.string { return [EchoInput(text: text, tokens: EchoWords.count(text))] }
        guard let list = value.array else { throw .type(name, expected) }
        guard !list.isEmpty else { throw .value(name, "at least one element") }
        if let tokens = tokens(list) { return [tokens] }
        guard list.count <= most else { throw .value(name, "at most \(most) elements") }
        var inputs: [EchoInput] = []
        for (position, element) in list.enumerated() {
            if let text = element.string {
                inputs.append(EchoInput(text: text, tokens: EchoWords.count(text)))
            } else if let list = element.array, let tokens = tokens(list) {
                inputs.append(tokens)
            } else {
                throw .type("\(name)[\(position)]", "a string or an array of tokens")
            }
        }
        return inputs
    }

    private static func tokens(_ list: [JSONValue]) -> EchoInput? {
        let numbers = list.compactMap { $0.number?.int }
        guard !numbers.isEmpty, numbers.count == list.count else { return nil }
        return EchoInput(text: numbers.map(String.init).joined(separator: " "), tokens: numbers.count)
    }
}
