import OstiaryCore

/// Reads an answer of the Messages API.
enum MessagesAnswerReader {
    static func read(_ root: JSONSlice) throws(GateError) -> Exchange.Answer {
        guard let content = root["content"], content.kind == .array else {
            throw .unreadableAnswer("answer_without_content")
        }
        var answer = Exchange.Answer(origin: .messages)
        answer.id = root["id"]?.text
        answer.model = root["model"]?.text
        // What a provider's own blocks look like is its business; one that cannot be read is passed over by others.
        answer.parts = ((try? MessagesParts.read(content, "content")) ?? ([], false)).parts
        answer.stop = MessagesWords.stop(root["stop_reason"]?.text)
        answer.details = MessagesWords.details(root)
        if let usage = root["usage"]?.present {
            answer.tokens = MessagesWords.tokens(usage)
        }
        answer.extras = root.extras(except: [
            "id", "type", "role", "model", "content", "stop_reason", "stop_sequence", "stop_details", "usage",
        ])
        return answer
    }
}
