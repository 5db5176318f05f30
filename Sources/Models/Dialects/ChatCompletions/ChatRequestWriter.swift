import OstiaryCore

/// Writes a request of OpenAI's Chat Completions.
struct ChatRequestWriter: ~Copyable {
    let request: Exchange.Request
    let profile: DialectProfile
    let marks: CallerMarks?
    var out: ByteWriter
    var losses: Losses
    var names = ToolNames()

    init(_ request: Exchange.Request, _ context: Translation.Context, expecting count: Int) {
        self.request = request
        profile = context.profile
        marks = context.marks
        losses = Losses(context.onLoss)
        out = ByteWriter(capacity: count + 1024)
    }

    mutating func write(model: String?) throws(GateError) {
        out.writeStaticString("{")
        out.name("model")
        if let model { out.json(model) } else { out.json(request.model) }
        out.name("messages")
        try writeMessages()
        try writeTools()
        try writeBounds()
        try writeSampling()
        try writeReasoning()
        try writeFormat()
        writeCaller()
        if request.streams {
            out.name("stream")
            out.json(true)
            if request.origin != .chat || request.wantsUsage {
                out.name("stream_options")
                out.writeStaticString(#"{"include_usage":true}"#)
            }
        }
        try writeExtras()
        out.writeStaticString("}")
    }

    // MARK: Tools

    private mutating func writeTools() throws(GateError) {
        if request.origin == .chat { return writeOwnTools() }
        let referred = request.tools.contains(where: \.isDeferred) ? ToolReferences.names(in: request) : []
        var count = 0
        for tool in request.tools {
            if case .server(let type) = tool.kind {
                losses.hint("tools.\(type.string)")
                continue
            }
            // R9: known to the model only once something refers to it; the placeholder never.
            if tool.isDeferred, !referred.contains(tool.name.string) { continue }
            if tool.name.equals("DeferredToolPlaceholder") { continue }
            if count == 0 {
                out.name("tools")
                out.writeStaticString("[")
            }
            count += 1
            writeFunction(tool)
            for extra in tool.extras where !extra.value.isNull { losses.hint("tools.\(extra.name)") }
        }
        guard count > 0 else { return }
        out.writeStaticString("]")
        try writeChoice()
    }

    private mutating func writeFunction(_ tool: Exchange.Tool) {
        out.element()
        out.writeStaticString(#"{"type":"function","function":{"#)
        out.name("name")
        out.json(names.outgoing(tool.name))
        if let description = tool.description {
            out.name("description")
            out.json(description)
        }
        out.name("parameters")
        ToolSchemas.write(tool.schema, profile.schemas, to: &out)
        if let strict = tool.strict {
            out.name("strict")
            out.json(strict)
        }
        out.writeStaticString("}}")
    }

    private mutating func writeChoice() throws(GateError) {
        if let choice = request.toolChoice {
            switch choice.kind {
            case .auto: writeChoice("auto")
            case .any: writeChoice("required")
            case .none: writeChoice("none")
            case .tool(let name):
                out.name("tool_choice")
                out.writeStaticString(#"{"type":"function","function":{"name":"#)
                out.json(names.outgoing(name))
                out.writeStaticString("}}")
            case .other: try losses.asked("tool_choice")
            }
        }
        if let parallel = request.parallelCalls, !(parallel && request.origin == .messages) {
            out.name("parallel_tool_calls")
            out.json(parallel)
        }
    }

    private mutating func writeChoice(_ word: StaticString) {
        out.name("tool_choice")
        out.json(word)
    }

    private mutating func writeOwnTools() {
        if !request.tools.isEmpty {
            out.name("tools")
            out.writeStaticString("[")
            for tool in request.tools {
                guard let raw = tool.raw else {
                    writeFunction(tool)
                    continue
                }
                out.element()
                out.json(raw)
            }
            out.writeStaticString("]")
        }
        if let raw = request.toolChoice?.raw {
            out.name("tool_choice")
            out.json(raw)
        }
        if let parallel = request.parallelCalls {
            out.name("parallel_tool_calls")
            out.json(parallel)
        }
    }

    // MARK: Numbers

    private mutating func writeBounds() throws(GateError) {
        if let bound = request.outputBound {
            switch profile.outputBound {
            case .maxCompletionTokens: out.name("max_completion_tokens")
            case .maxTokens: out.name("max_tokens")
            }
            out.json(min(bound, profile.mostOutput ?? bound))
        }
        guard !request.stops.isEmpty else { return }
        if request.stops.count > 4 { try losses.asked("stop_sequences") }
        out.name("stop")
        out.writeStaticString("[")
        for stop in request.stops.prefix(4) {
            out.element()
            out.json(stop)
        }
        out.writeStaticString("]")
    }

    private mutating func writeSampling() throws(GateError) {
        if let value = request.temperature {
            if profile.takesSampling {
                out.name("temperature")
                out.json(value)
            } else {
                losses.hint("temperature")
            }
        }
        if let value = request.topP {
            if profile.takesSampling {
                out.name("top_p")
                out.json(value)
            } else {
                losses.hint("top_p")
            }
        }
        if request.topK != nil { losses.hint("top_k") }
    }

    private mutating func writeReasoning() throws(GateError) {
        if let effort = request.effort {
            guard profile.reasoning != .no else { return losses.hint(effortName) }
            out.name("reasoning_effort")
            out.json(effort)
            return
        }
        guard let thinking = request.thinking else { return }
        switch thinking.kind {
        case .budget(let budget):
            guard profile.reasoning == .yes else { return losses.hint("thinking") }
            out.name("reasoning_effort")
            switch budget ?? 0 {
            case ..<4000: out.json("low" as StaticString)
            case ..<16000: out.json("medium" as StaticString)
            default: out.json("high" as StaticString)
            }
        case .off:
            guard profile.reasoning == .yes else { return }
            out.name("reasoning_effort")
            out.json("none" as StaticString)
        // The model decides, as it does where nothing is said.
        case .adaptive: return
        case .other: losses.hint("thinking")
        }
    }

    private var effortName: String {
        switch request.origin {
        case .messages: "output_config.effort"
        case .chat: "reasoning_effort"
        case .responses: "reasoning.effort"
        }
    }

    private mutating func writeFormat() throws(GateError) {
        guard let format = request.format else { return }
        if request.origin == .chat, let raw = format.raw {
            out.name("response_format")
            out.json(raw)
            return
        }
        switch format.kind {
        case .text: return
        case .object:
            out.name("response_format")
            out.writeStaticString(#"{"type":"json_object"}"#)
        case .schema(let schema, let name, let strict):
            out.name("response_format")
            out.writeStaticString(#"{"type":"json_schema","json_schema":{"name":"#)
            out.json(name ?? JSONText("output"))
            if let schema {
                out.name("schema")
                out.json(schema)
            }
            out.name("strict")
            out.json(strict ?? (request.origin == .messages))
            out.writeStaticString("}}")
        case .other: try losses.asked("output_config.format")
        }
    }

    // MARK: The caller

    private mutating func writeCaller() {
        if request.origin == .chat {
            if let user = request.user {
                out.name("user")
                out.json(user)
            }
        } else if let marks {
            if let user = request.user {
                out.name("user")
                out.json(marks.user(user.bytes))
            }
            if request.origin == .messages, profile.takesCacheKey {
                out.name("prompt_cache_key")
                out.json(marks.session(SessionName.bytes(of: request.user)))
            }
        } else if request.user != nil {
            losses.hint("user")
        }
        guard let tier = request.serviceTier else { return }
        if request.origin == .messages {
            if tier.equals("standard_only") {
                out.name("service_tier")
                out.json("default" as StaticString)
            }
        } else {
            out.name("service_tier")
            out.json(tier)
        }
    }

    private mutating func writeExtras() throws(GateError) {
        for extra in request.extras {
            if request.origin == .chat {
                out.name(extra.name)
                out.json(extra.value)
            } else if !extra.value.isNull {
                try lose(extra)
            }
        }
    }

    private mutating func lose(_ extra: Exchange.Extra) throws(GateError) {
        switch request.origin {
        case .messages: try MessagesLosses.note(extra, &losses)
        case .responses: try carryFromResponses(extra)
        case .chat: return
        }
    }

    /// Both of OpenAI's APIs have these.
    private mutating func carryFromResponses(_ extra: Exchange.Extra) throws(GateError) {
        switch extra.name {
        case "metadata", "store", "prompt_cache_key", "safety_identifier", "prompt_cache_retention", "top_logprobs":
            out.name(extra.name)
            out.json(extra.value)
        case "text.verbosity":
            out.name("verbosity")
            out.json(extra.value)
        default: try ResponsesLosses.note(extra, &losses)
        }
    }
}
