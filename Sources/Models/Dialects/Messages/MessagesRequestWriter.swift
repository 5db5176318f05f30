import OstiaryCore

/// Writes a request of Anthropic's Messages API.
struct MessagesRequestWriter: ~Copyable {
    let request: Exchange.Request
    let profile: DialectProfile
    let marks: CallerMarks?
    var out: ByteWriter
    var losses: Losses
    var names = ToolNames()
    var identifiers: Identifiers

    init(
        _ request: Exchange.Request,
        _ context: Translation.Context,
        _ identifiers: Identifiers,
        expecting count: Int
    ) {
        self.request = request
        profile = context.profile
        marks = context.marks
        losses = Losses(context.onLoss)
        self.identifiers = identifiers
        out = ByteWriter(capacity: count + 1024)
    }

    private var isOwn: Bool { request.origin == .messages }

    mutating func write(model: String?) throws(GateError) {
        out.writeStaticString("{")
        out.name("model")
        if let model { out.json(model) } else { out.json(request.model) }
        writeBound()
        try writeConversation()
        try writeTools()
        try writeThinking()
        try writeSampling()
        if !request.stops.isEmpty {
            out.name("stop_sequences")
            out.writeStaticString("[")
            // A stop of white space alone is refused.
            for stop in request.stops where isOwn || !stop.isBlank {
                out.element()
                out.json(stop)
            }
            out.writeStaticString("]")
        }
        if request.streams {
            out.name("stream")
            out.json(true)
        }
        try writeCaller()
        for extra in request.extras {
            if isOwn {
                if extra.name.hasPrefix("output_config.") { continue }
                out.name(extra.name)
                out.json(extra.value)
            } else if !extra.value.isNull {
                try lose(extra)
            }
        }
        out.writeStaticString("}")
    }

    private mutating func writeBound() {
        if isOwn, request.outputBound == nil { return }
        let bound = request.outputBound ?? profile.defaultOutput
        out.name("max_tokens")
        out.json(min(bound, profile.mostOutput ?? bound))
    }

    // MARK: Tools

    private mutating func writeTools() throws(GateError) {
        var count = 0
        for tool in request.tools {
            if !isOwn, case .server(let type) = tool.kind {
                losses.hint("tools.\(type.string)")
                continue
            }
            if count == 0 {
                out.name("tools")
                out.writeStaticString("[")
            }
            count += 1
            write(tool)
        }
        if count > 0 { out.writeStaticString("]") }
        if isOwn {
            if let raw = request.toolChoice?.raw {
                out.name("tool_choice")
                out.json(raw)
            }
            return
        }
        if count > 0 { try writeChoice() }
    }

    private mutating func write(_ tool: Exchange.Tool) {
        out.element()
        if isOwn, let raw = tool.raw { return out.json(raw) }
        out.writeStaticString("{")
        out.name("name")
        out.json(names.outgoing(tool.name))
        if let description = tool.description {
            out.name("description")
            out.json(description)
        }
        out.name("input_schema")
        ToolSchemas.write(tool.schema, .openai, to: &out)
        if let strict = tool.strict {
            out.name("strict")
            out.json(strict)
        }
        out.writeStaticString("}")
        for extra in tool.extras where !extra.value.isNull { losses.hint("tools.\(extra.name)") }
    }

    private mutating func writeChoice() throws(GateError) {
        let isSequential = request.parallelCalls == false
        guard let choice = request.toolChoice else {
            if isSequential {
                out.name("tool_choice")
                out.writeStaticString(#"{"type":"auto","disable_parallel_tool_use":true}"#)
            }
            return
        }
        let word: StaticString
        switch choice.kind {
        case .auto: word = "auto"
        case .any: word = "any"
        case .none: word = "none"
        case .tool: word = "tool"
        case .other: return try losses.asked("tool_choice")
        }
        out.name("tool_choice")
        out.writeStaticString(#"{"type":"#)
        out.json(word)
        if case .tool(let name) = choice.kind {
            out.name("name")
            out.json(names.outgoing(name))
        }
        if isSequential, word.utf8CodeUnitCount != 4 || !isNone(choice) {
            out.name("disable_parallel_tool_use")
            out.json(true)
        }
        out.writeStaticString("}")
    }

    private func isNone(_ choice: Exchange.ToolChoice) -> Bool {
        if case .none = choice.kind { true } else { false }
    }

    // MARK: Thinking, sampling, form

    private var isThinkingOn: Bool {
        if let effort = request.effort { return !effort.equals("none") }
        switch request.thinking?.kind {
        case .budget, .adaptive: return true
        default: return false
        }
    }

    private mutating func writeThinking() throws(GateError) {
        if isOwn {
            if let raw = request.thinking?.raw {
                out.name("thinking")
                out.json(raw)
            }
        } else if request.effort?.equals("none") ?? false {
            out.name("thinking")
            out.writeStaticString(#"{"type":"disabled"}"#)
        }
        let effort = request.effort.flatMap { !isOwn && $0.equals("none") ? nil : $0 }
        let own = isOwn ? request.extras.filter { $0.name.hasPrefix("output_config.") } : []
        let hasFormat = try hasFormat()
        guard effort != nil || hasFormat || !own.isEmpty else { return }
        out.name("output_config")
        out.writeStaticString("{")
        if let effort {
            out.name("effort")
            if !isOwn, effort.equals("minimal") { out.json("low" as StaticString) } else { out.json(effort) }
        }
        if hasFormat { writeFormat() }
        for extra in own {
            out.name(String(extra.name.dropFirst("output_config.".count)))
            out.json(extra.value)
        }
        out.writeStaticString("}")
    }

    private mutating func hasFormat() throws(GateError) -> Bool {
        guard let format = request.format else { return false }
        if isOwn { return true }
        switch format.kind {
        case .text, .object: return false
        case .schema: return true
        case .other:
            try losses.asked("response_format")
            return false
        }
    }

    private mutating func writeFormat() {
        out.name("format")
        if isOwn, let raw = request.format?.raw { return out.json(raw) }
        out.writeStaticString(#"{"type":"json_schema""#)
        if case .schema(let schema?, _, _) = request.format?.kind {
            out.name("schema")
            out.json(schema)
        }
        out.writeStaticString("}")
    }

    private mutating func writeSampling() throws(GateError) {
        if let temperature = request.temperature {
            if isOwn {
                out.name("temperature")
                out.json(temperature)
            } else if !profile.takesSampling || isThinkingOn {
                losses.hint("temperature")
            } else {
                out.name("temperature")
                // The scale ends at 1 here and at 2 there.
                if (temperature.number?.double ?? 0) > 1 { out.json(1) } else { out.json(temperature) }
            }
        }
        if let topP = request.topP {
            if isOwn || profile.takesSampling && !isThinkingOn {
                out.name("top_p")
                out.json(topP)
            } else {
                losses.hint("top_p")
            }
        }
        if let topK = request.topK {
            out.name("top_k")
            out.json(topK)
        }
    }

    // MARK: The caller

    private mutating func writeCaller() throws(GateError) {
        if let tier = request.serviceTier {
            if isOwn {
                out.name("service_tier")
                out.json(tier)
            } else if tier.equals("default") {
                out.name("service_tier")
                out.json("standard_only" as StaticString)
            } else if !tier.equals("auto") {
                losses.hint("service_tier")
            }
        }
        guard !isOwn else { return }
        let user = request.user ?? request.extras.first { $0.name == "safety_identifier" }?.value.text
        guard let user else { return }
        guard let marks else { return losses.hint("user") }
        out.name("metadata")
        out.writeStaticString(#"{"user_id":"#)
        out.json(marks.user(user.bytes))
        out.writeStaticString("}")
    }

    private mutating func lose(_ extra: Exchange.Extra) throws(GateError) {
        if extra.name == "safety_identifier", marks != nil { return }
        switch request.origin {
        case .chat: try ChatLosses.note(extra, &losses)
        case .responses: try ResponsesLosses.note(extra, &losses)
        case .messages: return
        }
    }
}
