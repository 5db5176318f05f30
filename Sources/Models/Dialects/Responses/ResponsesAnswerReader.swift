import OstiaryCore

/// Reads an answer of the Responses API.
enum ResponsesAnswerReader {
    static func read(_ root: JSONSlice) throws(GateError) -> Exchange.Answer {
        guard let output = root["output"], output.kind == .array else {
            throw .unreadableAnswer("answer_without_output")
        }
        switch root["status"]?.string {
        case "failed", "cancelled": throw .unreadableAnswer("answer_failed")
        case "queued", "in_progress": throw .unreadableAnswer("answer_not_ready")
        default: break
        }
        var answer = Exchange.Answer(origin: .responses)
        answer.id = root["id"]?.text
        answer.model = root["model"]?.text
        answer.created = root["created_at"]?.int
        var isRefused = false
        output.forEachElement { item in
            switch item["type"]?.string {
            case "message":
                item["content"]?.forEachElement { part in
                    if let text = part["text"]?.text {
                        if !text.isEmpty { answer.parts.append(Exchange.Part(.text(text))) }
                    } else if let words = part["refusal"]?.text {
                        isRefused = true
                        answer.details.explanation = words
                        answer.parts.append(Exchange.Part(.refusal(words)))
                    }
                }
            case "function_call":
                let call = Exchange.ToolCall(
                    id: item["call_id"]?.text ?? JSONText(""),
                    name: item["name"]?.text ?? JSONText(""),
                    arguments: .text(item["arguments"]?.text ?? JSONText(""))
                )
                answer.parts.append(Exchange.Part(.call(call)))
            case "reasoning":
                var part = ResponsesItems.reasoning(item)
                part.raw = nil
                guard case .thinking(let text, let signature) = part.kind, !text.isEmpty || signature != nil else {
                    return
                }
                answer.parts.append(part)
            default:
                answer.parts.append(Exchange.Part(.other(item["type"]?.text ?? JSONText("item")), raw: nil))
            }
        }
        answer.stop = ResponsesWords.stop(
            root,
            hasCalls: answer.parts.contains(where: \.isCall),
            isRefused: isRefused
        )
        answer.tokens = root["usage"]?.present.map(ResponsesWords.tokens)
        return answer
    }
}
