import OstiaryCore

// The conversation as the Messages API demands it: user and assistant in turn, beginning with the user, results of
// tools before everything else, no empty text.
extension MessagesRequestWriter {
    mutating func writeConversation() throws(GateError) {
        if request.origin == .messages {
            writeOwnSystem()
            return try writeOwnTurns()
        }
        var system = request.system
        var rest = request.turns[...]
        while let first = rest.first, first.role == .system || first.role == .developer {
            system += first.parts
            note(first)
            rest.removeFirst()
        }
        writeSystem(system)
        out.name("messages")
        out.writeStaticString("[")
        var turns = Turns.alternating(Array(rest), withSystem: profile.takesLaterSystem)
        if let first = turns.first, first.role == .assistant {
            turns.insert(Exchange.Turn(.user, [Exchange.Part(.text(JSONText("...")))]), at: 0)
        }
        if let last = turns.last, last.role == .assistant, !profile.takesPrefill,
            !last.parts.contains(where: \.isCall)
        {
            throw Losses.refusal("messages", because: "the last one is the assistant's and the model goes on with none")
        }
        for turn in turns { try write(turn) }
        out.writeStaticString("]")
    }

    private mutating func writeSystem(_ parts: [Exchange.Part]) {
        var texts = parts.compactMap(\.text).filter { !$0.isEmpty }
        if case .object = request.format?.kind {
            texts.append(JSONText("Answer with one JSON object and nothing else."))
        }
        guard !texts.isEmpty else { return }
        out.name("system")
        out.writeStaticString("[")
        for text in texts { write(text) }
        out.writeStaticString("]")
    }

    private mutating func write(_ text: JSONText) {
        out.element()
        out.writeStaticString(#"{"type":"text","text":"#)
        out.json(text)
        out.writeStaticString("}")
    }

    private mutating func note(_ turn: Exchange.Turn) {
        for extra in turn.extras where !extra.value.isNull { losses.hint("messages.\(extra.name)") }
        for part in turn.parts {
            for extra in part.extras where !extra.value.isNull { losses.hint("content.\(extra.name)") }
        }
    }

    private mutating func write(_ turn: Exchange.Turn) throws(GateError) {
        note(turn)
        out.element()
        out.writeStaticString("{")
        out.name("role")
        switch turn.role {
        case .assistant: out.json("assistant" as StaticString)
        case .system, .developer: out.json("system" as StaticString)
        case .user, .tool: out.json("user" as StaticString)
        }
        out.name("content")
        out.writeStaticString("[")
        let start = out.count
        for part in turn.parts where part.isResult { try write(part, of: turn.role) }
        for part in turn.parts where !part.isResult { try write(part, of: turn.role) }
        // An empty message is refused, and one that is left out would put two of one role together.
        if out.count == start { write(JSONText("(empty)")) }
        out.writeStaticString("]}")
    }

    private mutating func write(_ part: Exchange.Part, of role: Exchange.Role) throws(GateError) {
        switch part.kind {
        case .text(let text), .refusal(let text):
            if !text.isEmpty { write(text) }
        case .thinking(let text, let signature): writeThinking(text, signature)
        case .sealedThinking: losses.hint("content.reasoning")
        case .call(let call): write(call)
        case .result(let result): try write(result)
        case .image(let image): try write(image)
        case .document(let document): try write(document)
        case .audio: throw Losses.refusal("input_audio")
        case .searchResult, .toolReference: write(PartText.of(part))
        case .other(let type):
            losses.hint("content.\(type.string)")
            write(PartText.of(part))
        }
    }

    /// Only thoughts that this family signed are its own (R6).
    private mutating func writeThinking(_ text: JSONText, _ signature: JSONText?) {
        if let signature, let proof = ThinkingMark.proof(signature, ThinkingMark.signedByMessages) {
            out.element()
            out.writeStaticString(#"{"type":"thinking","thinking":"#)
            out.json(text)
            out.name("signature")
            out.json(proof)
            out.writeStaticString("}")
        } else if let signature, let data = ThinkingMark.proof(signature, ThinkingMark.sealedByMessages) {
            out.element()
            out.writeStaticString(#"{"type":"redacted_thinking","data":"#)
            out.json(data)
            out.writeStaticString("}")
        } else {
            losses.hint("content.reasoning")
        }
    }

    private mutating func write(_ call: Exchange.ToolCall) {
        out.element()
        out.writeStaticString(#"{"type":"tool_use","id":"#)
        out.json(CallNames.fitting(call.id))
        out.name("name")
        out.json(names.outgoing(call.name))
        out.name("input")
        if !ToolArguments.write(call.arguments, to: &out) { losses.hint("tool_calls.arguments") }
        out.writeStaticString("}")
    }

    private mutating func write(_ result: Exchange.ToolResult) throws(GateError) {
        out.element()
        out.writeStaticString(#"{"type":"tool_result","tool_use_id":"#)
        out.json(CallNames.fitting(result.callID))
        out.name("content")
        let texts = result.parts.compactMap(\.text)
        if texts.count == result.parts.count {
            out.json(JSONText(joining: texts, by: "\n"))
        } else {
            out.writeStaticString("[")
            for part in result.parts { try write(part, of: .user) }
            out.writeStaticString("]")
        }
        if result.isError == true {
            out.name("is_error")
            out.json(true)
        }
        out.writeStaticString("}")
    }

    private mutating func write(_ image: Exchange.Image) throws(GateError) {
        if let detail = image.detail, !detail.equals("auto") { losses.hint("image.detail") }
        out.element()
        switch image.source {
        case .data(let type, let data):
            out.writeStaticString(#"{"type":"image","source":{"type":"base64","media_type":"#)
            out.json(type)
            out.name("data")
            out.json(data)
        case .url(let url):
            out.writeStaticString(#"{"type":"image","source":{"type":"url","url":"#)
            out.json(url)
        case .file: throw Losses.refusal("image.file", because: "the file lies with another provider")
        }
        out.writeStaticString("}}")
    }

    private mutating func write(_ document: Exchange.Document) throws(GateError) {
        out.element()
        switch document.source {
        case .data(let type, let data):
            guard type.equals("application/pdf") else { throw Losses.refusal("file") }
            out.writeStaticString(
                #"{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"#
            )
            out.json(data)
        case .url(let url):
            out.writeStaticString(#"{"type":"document","source":{"type":"url","url":"#)
            out.json(url)
        default: throw Losses.refusal("file", because: "the file lies with another provider")
        }
        out.writeStaticString("}")
        if let title = document.title {
            out.name("title")
            out.json(title)
        }
        out.writeStaticString("}")
    }

    // MARK: Its own

    private mutating func writeOwnSystem() {
        guard !request.system.isEmpty || request.isPlainSystem else { return }
        out.name("system")
        if request.isPlainSystem { return out.json(request.system.first?.text ?? JSONText("")) }
        out.writeStaticString("[")
        for part in request.system { writeRaw(part) }
        out.writeStaticString("]")
    }

    /// Blocks pass as they came and in their order; thoughts that no provider of this family had are taken out (R6).
    private mutating func writeOwnTurns() throws(GateError) {
        out.name("messages")
        out.writeStaticString("[")
        for turn in request.turns {
            let kept = turn.parts.filter { !$0.isForeignThinking }
            if kept.count == turn.parts.count, let raw = turn.raw {
                out.element()
                out.json(raw)
                continue
            }
            out.element()
            out.writeStaticString("{")
            out.name("role")
            out.json(turn.role.rawValue)
            out.name("content")
            if turn.isPlain, let text = kept.first?.text {
                out.json(text)
            } else {
                out.writeStaticString("[")
                for part in kept { writeRaw(part) }
                if kept.isEmpty { write(JSONText("(empty)")) }
                out.writeStaticString("]")
            }
            for extra in turn.extras {
                out.name(extra.name)
                out.json(extra.value)
            }
            out.writeStaticString("}")
        }
        out.writeStaticString("]")
    }

    private mutating func writeRaw(_ part: Exchange.Part) {
        if let raw = part.raw {
            out.element()
            out.json(raw)
        } else if let text = part.text {
            write(text)
        }
    }
}

extension Exchange.Part {
    /// Whether these are thoughts under a signature that the gate made.
    var isForeignThinking: Bool {
        switch kind {
        case .thinking(_, let signature): signature.map(ThinkingMark.isOurs) ?? false
        default: false
        }
    }
}
