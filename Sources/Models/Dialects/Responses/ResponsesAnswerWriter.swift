import OstiaryCore

/// Writes an answer of the Responses API.
enum ResponsesAnswerWriter {
    static func write(
        _ answer: Exchange.Answer,
        _ memory: Translation.Memory,
        _ identifiers: inout Identifiers,
        _ losses: inout Losses,
        to out: inout ByteWriter
    ) {
        var items = ByteWriter(capacity: 1024)
        var hasRefusal = false
        for part in answer.parts {
            switch part.kind {
            case .text(let text):
                guard !text.isEmpty else { continue }
                ResponseItem.writeMessage(identifiers.make("msg_", 24), text: text, to: &items)
            case .refusal(let text):
                hasRefusal = true
                ResponseItem.writeRefusal(identifiers.make("msg_", 24), text, to: &items)
            case .thinking(let text, let signature):
                let sealed = ResponseItem.seal(signature)
                ResponseItem.writeReasoning(identifiers.make("rs_", 24), text, sealed: sealed, to: &items)
            case .sealedThinking(let data):
                let sealed = ThinkingMark.mark(ThinkingMark.sealedByMessages, data)
                ResponseItem.writeReasoning(identifiers.make("rs_", 24), JSONText(""), sealed: sealed, to: &items)
            case .call(let call): write(call, memory, &identifiers, to: &items)
            case .other(let type): losses.hint("content.\(type.string)")
            default: continue
            }
        }
        if !hasRefusal, answer.stop == .refusal, let words = answer.details.explanation {
            ResponseItem.writeRefusal(identifiers.make("msg_", 24), words, to: &items)
        }
        memory.frame.write(
            id: identifiers.answer(answer.id, .responses),
            created: answer.created ?? memory.now,
            model: memory.model,
            output: items.bytes,
            stop: answer.stop ?? .end,
            tokens: answer.tokens,
            to: &out
        )
    }

    private static func write(
        _ call: Exchange.ToolCall,
        _ memory: Translation.Memory,
        _ identifiers: inout Identifiers,
        to out: inout ByteWriter
    ) {
        let arguments: JSONText
        switch call.arguments {
        case .object(let object):
            var compact = ByteWriter(capacity: object.byteCount + 16)
            compact.json(object.value)
            arguments = JSONText(String(decoding: compact.bytes, as: UTF8.self))
        case .text(let text): arguments = text
        }
        ResponseItem.writeCall(
            identifiers.make("fc_", 24),
            call: identifiers.call(call.id, .responses),
            name: memory.names.incoming(call.name),
            arguments: arguments,
            to: &out
        )
    }
}
