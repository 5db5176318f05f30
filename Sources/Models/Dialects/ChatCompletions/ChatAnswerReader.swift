import OstiaryCore

/// Reads an answer of Chat Completions, and what other vendors add to it.
enum ChatAnswerReader {
    private static let members: [StaticString] = ["id", "object", "created", "model", "choices", "usage"]

    static func read(_ root: JSONSlice) throws(GateError) -> Exchange.Answer {
        guard let choices = root["choices"], choices.kind == .array, let choice = choices.elements.first,
            let message = choice["message"], message.kind == .object
        else { throw .unreadableAnswer("answer_without_choice") }
        var answer = Exchange.Answer(origin: .chat)
        answer.id = root["id"]?.text
        answer.model = root["model"]?.text
        answer.created = root["created"]?.int
        answer.extras = root.extras(except: members)
        if let thoughts = ChatWords.reasoning(message) {
            answer.parts.append(Exchange.Part(.thinking(thoughts, signature: nil)))
        }
        readContent(message["content"], &answer)
        if let refusal = message["refusal"]?.text, !refusal.isEmpty {
            answer.parts.append(Exchange.Part(.refusal(refusal)))
        }
        message["tool_calls"]?.forEachElement { call in
            guard let function = call["function"] ?? call["custom"], let name = function["name"]?.text else { return }
            append(call["id"]?.text, name, function["arguments"] ?? function["input"], &answer)
        }
        if let function = message["function_call"]?.present, let name = function["name"]?.text {
            append(nil, name, function["arguments"], &answer)
        }
        let isRefused = answer.parts.contains { if case .refusal = $0.kind { true } else { false } }
        answer.stop = ChatWords.stop(
            choice["finish_reason"]?.text,
            hasCalls: answer.parts.contains(where: \.isCall),
            isRefused: isRefused
        )
        if case .refusal(let words) = answer.parts.last(where: { if case .refusal = $0.kind { true } else { false } })?
            .kind
        {
            answer.details.explanation = words
        }
        answer.tokens = root["usage"]?.present.map(ChatWords.tokens)
        return answer
    }

    /// A string; of some vendors a list of parts.
    private static func readContent(_ content: JSONSlice?, _ answer: inout Exchange.Answer) {
        guard let content else { return }
        if let text = content.text {
            if !text.isEmpty { answer.parts.append(Exchange.Part(.text(text))) }
            return
        }
        content.forEachElement { part in
            if let text = part["text"]?.text, !text.isEmpty { answer.parts.append(Exchange.Part(.text(text))) }
        }
    }

    private static func append(
        _ id: JSONText?,
        _ name: JSONText,
        _ arguments: JSONSlice?,
        _ answer: inout Exchange.Answer
    ) {
        let given: Exchange.ToolCall.Arguments
        if let arguments, arguments.kind == .object {
            // Some servers forget to make a text of it.
            given = .object(arguments)
        } else {
            given = .text(arguments?.text ?? JSONText(""))
        }
        let call = Exchange.ToolCall(id: id ?? JSONText(""), name: name, arguments: given)
        answer.parts.append(Exchange.Part(.call(call)))
    }
}
