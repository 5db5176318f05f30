import OstiaryCore

// The conversation in the order that Chat Completions demands: results of tools directly behind the message that asked
// for them, one each, in the order of the calls (R2, R3); images of results behind all of them (R4).
extension ChatRequestWriter {
    mutating func writeMessages() throws(GateError) {
        out.writeStaticString("[")
        writeSystem()
        let turns = request.origin == .responses ? Turns.merged(request.turns) : request.turns
        if request.origin != .chat, let last = turns.last, last.role == .assistant, !profile.takesPrefill,
            !last.parts.contains(where: \.isCall)
        {
            throw Losses.refusal("messages", because: "the last one is the assistant's and the model goes on with none")
        }
        // Where the loop of tools under way begins: behind the last words of the user.
        let loop = profile.wantsReasoningBack ? Turns.startOfToolLoop(turns) : turns.count
        var index = 0
        while index < turns.count {
            let turn = turns[index]
            index += 1
            if request.origin == .chat, let raw = turn.raw {
                out.element()
                out.json(raw)
                continue
            }
            noteExtras(turn)
            guard turn.role == .assistant else {
                try writeOther(turn.role, turn.parts)
                continue
            }
            let calls = try writeAssistant(turn, withReasoning: index > loop)
            guard !calls.isEmpty else { continue }
            let end = turns[index...].firstIndex { $0.role == .assistant } ?? turns.count
            try writeResults(of: calls, in: turns[index..<end])
            index = end
        }
        out.writeStaticString("]")
    }

    private mutating func writeSystem() {
        for part in request.system {
            for extra in part.extras where !extra.value.isNull { losses.hint("system.\(extra.name)") }
        }
        let texts = ChatSystem.texts(request.system)
        guard !texts.isEmpty else { return }
        openMessage(profile.systemRole)
        out.name("content")
        out.json(JSONText(joining: texts, by: "\n\n"))
        out.writeStaticString("}")
    }

    private mutating func openMessage(_ role: Exchange.Role) {
        out.element()
        out.writeStaticString("{")
        out.name("role")
        switch role {
        case .system, .developer:
            if profile.systemRole == .developer {
                out.json("developer" as StaticString)
            } else {
                out.json("system" as StaticString)
            }
        case .user: out.json("user" as StaticString)
        case .assistant: out.json("assistant" as StaticString)
        case .tool: out.json("tool" as StaticString)
        }
    }

    private mutating func noteExtras(_ turn: Exchange.Turn) {
        for extra in turn.extras where !extra.value.isNull { losses.hint("messages.\(extra.name)") }
        for part in turn.parts {
            for extra in part.extras where !extra.value.isNull { losses.hint("content.\(extra.name)") }
        }
    }

    // MARK: The assistant

    /// Writes its message and returns the ids of its calls.
    private mutating func writeAssistant(_ turn: Exchange.Turn, withReasoning: Bool) throws(GateError) -> [JSONText] {
        var texts: [JSONText] = []
        var thoughts: [JSONText] = []
        var refusals: [JSONText] = []
        var calls: [Exchange.ToolCall] = []
        for part in turn.parts {
            switch part.kind {
            case .text(let text): texts.append(text)
            case .refusal(let text): refusals.append(text)
            case .thinking(let text, _): thoughts.append(text)
            case .sealedThinking: losses.hint("content.redacted_thinking")
            case .call(let call): calls.append(call)
            default: texts.append(placeholder(part))
            }
        }
        openMessage(.assistant)
        out.name("content")
        if texts.isEmpty, !calls.isEmpty || !refusals.isEmpty {
            out.null()
        } else {
            out.json(JSONText(joining: texts, by: "\n\n"))
        }
        if !refusals.isEmpty {
            out.name("refusal")
            out.json(JSONText(joining: refusals, by: "\n\n"))
        }
        if withReasoning, !thoughts.isEmpty {
            out.name("reasoning_content")
            out.json(JSONText(joining: thoughts, by: "\n\n"))
        } else if !thoughts.isEmpty {
            losses.hint("content.thinking")
        }
        if !calls.isEmpty {
            out.name("tool_calls")
            out.writeStaticString("[")
            for call in calls { write(call) }
            out.writeStaticString("]")
        }
        out.writeStaticString("}")
        return calls.map(\.id)
    }

    private mutating func write(_ call: Exchange.ToolCall) {
        out.element()
        out.writeStaticString("{")
        out.name("id")
        out.json(call.id)
        out.name("type")
        out.json("function" as StaticString)
        out.name("function")
        out.writeStaticString("{")
        out.name("name")
        out.json(names.outgoing(call.name))
        out.name("arguments")
        switch call.arguments {
        case .object(let object): out.jsonText(of: object)
        case .text(let text): out.json(text.isEmpty ? JSONText("{}") : text)
        }
        out.writeStaticString("}}")
    }

    // MARK: Results

    /// Writes a message for each call, then what else stood in `group`, the messages up to the assistant's next.
    private mutating func writeResults(
        of calls: [JSONText],
        in group: ArraySlice<Exchange.Turn>
    ) throws(GateError) {
        var results: [String: Exchange.ToolResult] = [:]
        var rest: [Exchange.Turn] = []
        let known = Set(calls.map(\.string))
        for turn in group {
            noteExtras(turn)
            var left = turn
            left.parts = []
            for part in turn.parts {
                if case .result(let result) = part.kind {
                    let id = result.callID.string
                    if known.contains(id), results[id] == nil {
                        results[id] = result
                        continue
                    }
                }
                left.parts.append(part)
            }
            if !left.parts.isEmpty || turn.parts.isEmpty { rest.append(left) }
        }
        var images: [Exchange.Part] = []
        for call in calls { try writeTool(call, results[call.string], &images) }
        if let first = rest.first, first.role == .user || images.isEmpty {
            try writeOther(first.role, images + first.parts)
            rest.removeFirst()
        } else if !images.isEmpty {
            try writeOther(.user, images)
        }
        for turn in rest { try writeOther(turn.role, turn.parts) }
    }

    private mutating func writeTool(
        _ call: JSONText,
        _ result: Exchange.ToolResult?,
        _ images: inout [Exchange.Part]
    ) throws(GateError) {
        openMessage(.tool)
        out.name("tool_call_id")
        out.json(call)
        out.name("content")
        guard let result else {
            out.json("(no result)" as StaticString)
            return out.writeStaticString("}")
        }
        var (text, carried) = resultText(result)
        if !carried.isEmpty {
            let label = JSONText(joining: [JSONText("Image from tool call "), call, JSONText(":")])
            images += [Exchange.Part(.text(label))] + carried
            text.append(JSONText("(image follows)"))
        }
        var joined = JSONText(joining: text, by: "\n")
        if result.isError == true, !joined.starts(with: "Error: ") {
            joined = JSONText(joining: [JSONText("Error: "), joined])
        }
        out.json(joined)
        out.writeStaticString("}")
    }

    /// A result's text, and what is no text.
    private mutating func resultText(_ result: Exchange.ToolResult) -> (text: [JSONText], [Exchange.Part]) {
        var text: [JSONText] = []
        var carried: [Exchange.Part] = []
        for part in result.parts {
            for extra in part.extras where !extra.value.isNull { losses.hint("content.\(extra.name)") }
            switch part.kind {
            case .text(let words): text.append(words)
            case .image: carried.append(part)
            case .document(let document):
                if case .data = document.source { carried.append(part) } else { text.append(placeholder(part)) }
            default: text.append(placeholder(part))
            }
        }
        return (text, carried)
    }

    // MARK: Everybody else

    private mutating func writeOther(_ role: Exchange.Role, _ parts: [Exchange.Part]) throws(GateError) {
        var parts = parts
        var role = role
        if role == .tool { role = .user }
        if role != .user {
            let text = JSONText(joining: parts.compactMap(\.text), by: "\n\n")
            guard profile.takesLaterSystem else {
                let marked = JSONText(joining: [JSONText("<system>"), text, JSONText("</system>")])
                return try writeOther(.user, [Exchange.Part(.text(marked))])
            }
            openMessage(.system)
            out.name("content")
            out.json(text)
            return out.writeStaticString("}")
        }
        for index in parts.indices {
            switch parts[index].kind {
            case .text, .image: continue
            case .document(let document):
                if case .data = document.source { continue }
                if case .url = document.source { throw Losses.refusal("document.url") }
                if case .file = document.source { throw Losses.refusal("document.file") }
                parts[index] = Exchange.Part(.text(placeholder(parts[index])))
            case .audio:
                if parts[index].raw == nil || request.origin == .messages { throw Losses.refusal("input_audio") }
            default: parts[index] = Exchange.Part(.text(placeholder(parts[index])))
            }
        }
        openMessage(.user)
        out.name("content")
        let texts = parts.compactMap(\.text)
        if texts.count == parts.count {
            out.json(JSONText(joining: texts, by: "\n\n"))
        } else {
            out.writeStaticString("[")
            for part in parts { try write(part) }
            out.writeStaticString("]")
        }
        out.writeStaticString("}")
    }

    private mutating func write(_ part: Exchange.Part) throws(GateError) {
        out.element()
        switch part.kind {
        case .text(let text):
            out.writeStaticString(#"{"type":"text","text":"#)
            out.json(text)
            out.writeStaticString("}")
        case .image(let image):
            out.writeStaticString(#"{"type":"image_url","image_url":{"url":"#)
            switch image.source {
            case .data(let type, let data):
                out.json(JSONText(joining: [JSONText("data:"), type, JSONText(";base64,"), data]))
            case .url(let url): out.json(url)
            case .file: throw Losses.refusal("image.file", because: "the file lies with another provider")
            }
            if let detail = image.detail {
                out.name("detail")
                out.json(detail)
            }
            out.writeStaticString("}}")
        case .document(let document):
            guard case .data(let type, let data) = document.source else { return }
            guard profile.takesFiles else { throw Losses.refusal("document") }
            out.writeStaticString(#"{"type":"file","file":{"filename":"#)
            out.json(document.title ?? JSONText("document.pdf"))
            out.name("file_data")
            out.json(JSONText(joining: [JSONText("data:"), type, JSONText(";base64,"), data]))
            out.writeStaticString("}}")
        default:
            if let raw = part.raw { out.json(raw) }
        }
    }

    /// What stands for a part that the dialect has no word for.
    private mutating func placeholder(_ part: Exchange.Part) -> JSONText {
        let text = PartText.of(part)
        if case .other(let type) = part.kind { losses.hint("content.\(type.string)") }
        return text
    }
}
