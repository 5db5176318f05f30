import OstiaryCore

// The conversation as items: words of one message together, calls and results each by itself.
extension ResponsesRequestWriter {
    mutating func writeInput() throws(GateError) {
        out.name("input")
        if request.origin == .responses, request.turns.count == 1, let only = request.turns.first, only.isPlain,
            only.raw == nil, let text = only.parts.first?.text
        {
            return out.json(text)
        }
        out.writeStaticString("[")
        var results: Set<String> = []
        var calls: Set<String> = []
        for turn in request.turns {
            for part in turn.parts {
                if case .result(let result) = part.kind { results.insert(result.callID.string) }
                if case .call(let call) = part.kind { calls.insert(call.id.string) }
            }
        }
        for turn in request.turns {
            if request.origin == .responses, let raw = turn.raw {
                if turn.parts.contains(where: \.isForeignThinking) { continue }
                out.element()
                out.json(raw)
                continue
            }
            try write(turn, calls, results)
        }
        out.writeStaticString("]")
    }

    private mutating func write(
        _ turn: Exchange.Turn,
        _ calls: Set<String>,
        _ results: Set<String>
    ) throws(GateError) {
        for extra in turn.extras where !extra.value.isNull { losses.hint("messages.\(extra.name)") }
        var words: [Exchange.Part] = []
        // Results come first, as they answer what stands before them.
        for part in turn.parts {
            for extra in part.extras where !extra.value.isNull { losses.hint("content.\(extra.name)") }
            guard case .result(let result) = part.kind else { continue }
            if calls.contains(result.callID.string) { try write(result) } else { words.append(part) }
        }
        for part in turn.parts {
            switch part.kind {
            case .result: continue
            case .call(let call):
                try flush(&words, turn.role)
                write(call)
                // R3: providers refuse a call that nobody answered.
                if !results.contains(call.id.string) { writeMissing(call.id) }
            case .thinking(let text, let signature):
                try flush(&words, turn.role)
                writeReasoning(text, signature)
            case .sealedThinking: losses.hint("content.redacted_thinking")
            default: words.append(part)
            }
        }
        try flush(&words, turn.role)
    }

    private mutating func flush(_ words: inout [Exchange.Part], _ role: Exchange.Role) throws(GateError) {
        guard !words.isEmpty else { return }
        out.element()
        out.writeStaticString(#"{"type":"message","role":"#)
        switch role {
        case .assistant: out.json("assistant" as StaticString)
        case .developer: out.json("developer" as StaticString)
        case .system: out.json("system" as StaticString)
        case .user, .tool: out.json("user" as StaticString)
        }
        out.name("content")
        out.writeStaticString("[")
        for part in words { try write(part, isOutput: role == .assistant) }
        out.writeStaticString("]}")
        words = []
    }

    private mutating func write(_ part: Exchange.Part, isOutput: Bool) throws(GateError) {
        switch part.kind {
        case .refusal(let text) where isOutput:
            out.element()
            out.writeStaticString(#"{"type":"refusal","refusal":"#)
            out.json(text)
            out.writeStaticString("}")
        case .image(let image) where !isOutput:
            out.element()
            out.writeStaticString(#"{"type":"input_image","image_url":"#)
            switch image.source {
            case .data(let type, let data):
                out.json(JSONText(joining: [JSONText("data:"), type, JSONText(";base64,"), data]))
            case .url(let url): out.json(url)
            case .file: throw Losses.refusal("image.file", because: "the file lies with another provider")
            }
            out.name("detail")
            out.json(image.detail ?? JSONText("auto"))
            out.writeStaticString("}")
        case .document(let document) where !isOutput: try write(document, part)
        case .audio: throw Losses.refusal("input_audio")
        default:
            if case .other(let type) = part.kind { losses.hint("content.\(type.string)") }
            out.element()
            out.writeStaticString(#"{"type":"#)
            if isOutput { out.json("output_text" as StaticString) } else { out.json("input_text" as StaticString) }
            out.name("text")
            out.json(PartText.of(part))
            out.writeStaticString("}")
        }
    }

    private mutating func write(_ document: Exchange.Document, _ part: Exchange.Part) throws(GateError) {
        out.element()
        switch document.source {
        case .data(let type, let data):
            guard profile.takesFiles else { throw Losses.refusal("document") }
            out.writeStaticString(#"{"type":"input_file","filename":"#)
            out.json(document.title ?? JSONText("document.pdf"))
            out.name("file_data")
            out.json(JSONText(joining: [JSONText("data:"), type, JSONText(";base64,"), data]))
        case .url(let url):
            out.writeStaticString(#"{"type":"input_file","file_url":"#)
            out.json(url)
        case .file: throw Losses.refusal("document.file", because: "the file lies with another provider")
        case .text, .parts:
            out.writeStaticString(#"{"type":"input_text","text":"#)
            out.json(PartText.of(part))
        }
        out.writeStaticString("}")
    }

    // MARK: Items

    private mutating func write(_ call: Exchange.ToolCall) {
        out.element()
        out.writeStaticString(#"{"type":"function_call","call_id":"#)
        out.json(call.id)
        out.name("name")
        out.json(names.outgoing(call.name))
        out.name("arguments")
        switch call.arguments {
        case .object(let object): out.jsonText(of: object)
        case .text(let text): out.json(text.isEmpty ? JSONText("{}") : text)
        }
        out.writeStaticString("}")
    }

    private mutating func writeMissing(_ call: JSONText) {
        out.element()
        out.writeStaticString(#"{"type":"function_call_output","call_id":"#)
        out.json(call)
        out.writeStaticString(#","output":"(no result)"}"#)
    }

    /// Images stay inside, which this dialect alone of OpenAI's allows (R4).
    private mutating func write(_ result: Exchange.ToolResult) throws(GateError) {
        out.element()
        out.writeStaticString(#"{"type":"function_call_output","call_id":"#)
        out.json(result.callID)
        out.name("output")
        let isText = result.parts.allSatisfy { part in
            switch part.kind {
            case .image: return false
            case .document(let document):
                if case .data = document.source { return false } else { return true }
            default: return true
            }
        }
        if isText {
            var text = JSONText(joining: result.parts.map(PartText.of), by: "\n")
            if result.isError == true, !text.starts(with: "Error: ") {
                text = JSONText(joining: [JSONText("Error: "), text])
            }
            out.json(text)
        } else {
            out.writeStaticString("[")
            var parts = result.parts
            if result.isError == true {
                let first = parts.firstIndex { $0.text != nil }
                let words = first.flatMap { parts[$0].text } ?? JSONText("")
                let marked = Exchange.Part(.text(JSONText(joining: [JSONText("Error: "), words])))
                if let first { parts[first] = marked } else { parts.insert(marked, at: 0) }
            }
            for part in parts { try write(part, isOutput: false) }
            out.writeStaticString("]")
        }
        out.writeStaticString("}")
    }

    /// Only thoughts that this family sealed are its own (R6).
    private mutating func writeReasoning(_ text: JSONText, _ signature: JSONText?) {
        guard let signature, let proof = ThinkingMark.proof(signature, ThinkingMark.sealedByResponses),
            let (id, sealed) = proof.split(at: UInt8(ascii: "."), within: 128)
        else { return losses.hint("content.thinking") }
        out.element()
        out.writeStaticString(#"{"type":"reasoning","id":"#)
        out.json(id)
        out.name("summary")
        out.writeStaticString("[")
        if !text.isEmpty {
            out.writeStaticString(#"{"type":"summary_text","text":"#)
            out.json(text)
            out.writeStaticString("}")
        }
        out.writeStaticString("]")
        out.name("encrypted_content")
        out.json(sealed)
        out.writeStaticString("}")
    }
}
