import OstiaryCore

/// Writes an answer of the Messages API.
enum MessagesAnswerWriter {
    static func write(
        _ answer: Exchange.Answer,
        _ memory: Translation.Memory,
        _ identifiers: inout Identifiers,
        _ losses: inout Losses,
        to out: inout ByteWriter
    ) {
        out.writeStaticString("{")
        out.name("id")
        out.json(identifiers.answer(answer.id, .messages))
        out.writeStaticString(#","type":"message","role":"assistant""#)
        out.name("model")
        out.json(memory.model)
        out.name("content")
        out.writeStaticString("[")
        for part in answer.parts { write(part, memory, &identifiers, &losses, to: &out) }
        out.writeStaticString("]")
        MessagesWords.write(answer.stop ?? .end, answer.details, to: &out)
        out.name("usage")
        MessagesWords.write(answer.tokens ?? Exchange.Tokens(), to: &out)
        if answer.origin == .messages {
            for extra in answer.extras {
                out.name(extra.name)
                out.json(extra.value)
            }
        }
        out.writeStaticString("}")
    }

    private static func write(
        _ part: Exchange.Part,
        _ memory: Translation.Memory,
        _ identifiers: inout Identifiers,
        _ losses: inout Losses,
        to out: inout ByteWriter
    ) {
        switch part.kind {
        case .text(let text):
            guard !text.isEmpty else { return }
            out.element()
            if let raw = part.raw { return out.json(raw) }
            out.writeStaticString(#"{"type":"text","text":"#)
            out.json(text)
            out.writeStaticString("}")
        // Told as the explanation of the refusal.
        case .refusal: return
        case .thinking(let text, let signature):
            out.element()
            if let raw = part.raw { return out.json(raw) }
            out.writeStaticString(#"{"type":"thinking","thinking":"#)
            out.json(text)
            out.name("signature")
            out.json(signature ?? JSONText("\(ThinkingMark.prefix)"))
            out.writeStaticString("}")
        case .sealedThinking(let data):
            out.element()
            if let raw = part.raw { return out.json(raw) }
            out.writeStaticString(#"{"type":"redacted_thinking","data":"#)
            out.json(data)
            out.writeStaticString("}")
        case .call(let call):
            out.element()
            if let raw = part.raw { return out.json(raw) }
            out.writeStaticString(#"{"type":"tool_use","id":"#)
            out.json(identifiers.call(call.id, .messages))
            out.name("name")
            out.json(memory.names.incoming(call.name))
            out.name("input")
            if !ToolArguments.write(call.arguments, to: &out) { losses.hint("tool_use.input") }
            out.writeStaticString("}")
        default:
            out.element()
            if let raw = part.raw { out.json(raw) }
        }
    }
}
