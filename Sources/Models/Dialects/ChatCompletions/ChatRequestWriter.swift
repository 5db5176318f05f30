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
        OpenAISampling.write(request, isTaken: profile.takesSampling, to: &out, &losses)
        writeReasoning()
        try writeFormat()
        OpenAICaller.write(request, profile, marks, to: &out, &losses)
        if request.streams {
            out.name("stream")
            out.json(true)
            if request.origin != .chat {
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
            switch request.origin == .chat && request.hasOldBound ? .maxTokens : profile.outputBound {
            case .maxCompletionTokens: out.name("max_completion_tokens")
            case .maxTokens: out.name("max_tokens")
            }
            out.json(min(bound, profile.mostOutput ?? bound))
        }
        guard !request.stops.isEmpty else { return }
        if request.origin == .chat, let raw = request.rawStops {
            out.name("stop")
            return out.json(raw)
        }
        if request.stops.count > 4 { try losses.asked("stop_sequences") }
        out.name("stop")
        out.writeStaticString("[")
        for stop in request.stops.prefix(4) {
            out.element()
            out.json(stop)
        }
        out.writeStaticString("]")
    }

    private mutating func writeReasoning() {
        guard let effort = OpenAIEffort.of(request, profile, &losses) else { return }
        out.name("reasoning_effort")
        out.json(effort)
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

    // MARK: The rest

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
