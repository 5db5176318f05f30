import OstiaryCore

/// Writes an answer of Chat Completions.
enum ChatAnswerWriter {
    static func write(
        _ answer: Exchange.Answer,
        _ memory: Translation.Memory,
        _ identifiers: inout Identifiers,
        _ losses: inout Losses,
        to out: inout ByteWriter
    ) {
        var texts: [JSONText] = []
        var thoughts: [JSONText] = []
        var refusals: [JSONText] = []
        var calls: [Exchange.ToolCall] = []
        for part in answer.parts {
            switch part.kind {
            case .text(let text): texts.append(text)
            case .thinking(let text, _): thoughts.append(text)
            case .refusal(let text): refusals.append(text)
            case .call(let call): calls.append(call)
            case .sealedThinking: losses.hint("content.redacted_thinking")
            case .other(let type): losses.hint("content.\(type.string)")
            default: continue
            }
        }
        if refusals.isEmpty, answer.stop == .refusal, let explanation = answer.details.explanation {
            refusals.append(explanation)
        }
        out.writeStaticString("{")
        out.name("id")
        out.json(identifiers.answer(answer.id, .chat))
        out.writeStaticString(#","object":"chat.completion""#)
        out.name("created")
        out.json(answer.created ?? memory.now)
        out.name("model")
        out.json(memory.model)
        out.writeStaticString(#","choices":[{"index":0,"message":{"role":"assistant""#)
        out.name("content")
        if texts.isEmpty { out.null() } else { out.json(JSONText(joining: texts, by: "\n\n")) }
        out.name("refusal")
        if refusals.isEmpty { out.null() } else { out.json(JSONText(joining: refusals)) }
        if thoughts.contains(where: { !$0.isEmpty }) {
            out.name("reasoning_content")
            out.json(JSONText(joining: thoughts, by: "\n\n"))
        }
        write(calls, memory, &identifiers, to: &out)
        out.writeStaticString(#"},"logprobs":null"#)
        out.name("finish_reason")
        var stop = answer.stop ?? .end
        if stop == .end, !calls.isEmpty { stop = .toolUse }
        if stop == .toolUse, calls.isEmpty { stop = .end }
        out.json(ChatWords.word(stop))
        out.writeStaticString("}]")
        out.name("usage")
        ChatWords.write(answer.tokens ?? Exchange.Tokens(), to: &out)
        if answer.origin == .chat {
            for extra in answer.extras {
                out.name(extra.name)
                out.json(extra.value)
            }
        }
        out.writeStaticString("}")
    }

    private static func write(
        _ calls: [Exchange.ToolCall],
        _ memory: Translation.Memory,
        _ identifiers: inout Identifiers,
        to out: inout ByteWriter
    ) {
        guard !calls.isEmpty else { return }
        out.name("tool_calls")
        out.writeStaticString("[")
        for call in calls {
            out.element()
            out.writeStaticString(#"{"id":"#)
            out.json(identifiers.call(call.id, .chat))
            out.writeStaticString(#","type":"function","function":{"name":"#)
            out.json(memory.names.incoming(call.name))
            out.name("arguments")
            switch call.arguments {
            case .object(let object): out.jsonText(of: object)
            case .text(let text): out.json(text)
            }
            out.writeStaticString("}}")
        }
        out.writeStaticString("]")
    }
}
