import OstiaryCore

/// Writes a request of OpenAI's Responses API.
struct ResponsesRequestWriter: ~Copyable {
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

    private var isOwn: Bool { request.origin == .responses }

    mutating func write(model: String?) throws(GateError) {
        out.writeStaticString("{")
        out.name("model")
        if let model { out.json(model) } else { out.json(request.model) }
        let instructions = ChatSystem.texts(request.system)
        if !instructions.isEmpty {
            out.name("instructions")
            out.json(JSONText(joining: instructions, by: "\n\n"))
        }
        for part in request.system {
            for extra in part.extras where !extra.value.isNull { losses.hint("system.\(extra.name)") }
        }
        try writeInput()
        try writeTools()
        if let bound = request.outputBound {
            out.name("max_output_tokens")
            out.json(min(bound, profile.mostOutput ?? bound))
        }
        if !request.stops.isEmpty { try losses.asked(request.origin == .chat ? "stop" : "stop_sequences") }
        OpenAISampling.write(request, isTaken: isOwn || profile.takesSampling, to: &out, &losses)
        writeReasoning()
        try writeText()
        OpenAICaller.write(request, profile, marks, to: &out, &losses)
        if request.streams {
            out.name("stream")
            out.json(true)
        }
        if !isOwn, !request.extras.contains(where: { $0.name == "store" }) {
            // Nobody will ask for it: the client's own API has no word for that.
            out.name("store")
            out.json(false)
        }
        for extra in request.extras {
            if isOwn {
                if extra.name.hasPrefix("reasoning.") || extra.name.hasPrefix("text.") { continue }
                out.name(extra.name)
                out.json(extra.value)
            } else if !extra.value.isNull {
                try lose(extra)
            }
        }
        out.writeStaticString("}")
    }

    // MARK: Tools

    private mutating func writeTools() throws(GateError) {
        let referred = request.tools.contains(where: \.isDeferred) ? ToolReferences.names(in: request) : []
        var count = 0
        for tool in request.tools {
            if !isOwn, case .server(let type) = tool.kind {
                losses.hint("tools.\(type.string)")
                continue
            }
            if tool.isDeferred, !referred.contains(tool.name.string) { continue }
            if tool.name.equals("DeferredToolPlaceholder") { continue }
            if count == 0 {
                out.name("tools")
                out.writeStaticString("[")
            }
            count += 1
            write(tool)
        }
        if count > 0 { out.writeStaticString("]") }
        guard count > 0 || isOwn else { return }
        try writeChoice()
        if let parallel = request.parallelCalls, !(parallel && request.origin == .messages) {
            out.name("parallel_tool_calls")
            out.json(parallel)
        }
    }

    private mutating func write(_ tool: Exchange.Tool) {
        out.element()
        if isOwn, let raw = tool.raw { return out.json(raw) }
        out.writeStaticString(#"{"type":"function","name":"#)
        out.json(names.outgoing(tool.name))
        if let description = tool.description {
            out.name("description")
            out.json(description)
        }
        out.name("parameters")
        ToolSchemas.write(tool.schema, profile.schemas, to: &out)
        // Left out it would mean yes here, and no in the other dialects.
        out.name("strict")
        out.json(tool.strict ?? false)
        out.writeStaticString("}")
        for extra in tool.extras where !extra.value.isNull { losses.hint("tools.\(extra.name)") }
    }

    private mutating func writeChoice() throws(GateError) {
        guard let choice = request.toolChoice else { return }
        if isOwn, let raw = choice.raw {
            out.name("tool_choice")
            return out.json(raw)
        }
        if case .other = choice.kind { return try losses.asked("tool_choice") }
        out.name("tool_choice")
        switch choice.kind {
        case .any: out.json("required" as StaticString)
        case .none: out.json("none" as StaticString)
        case .tool(let name):
            out.writeStaticString(#"{"type":"function","name":"#)
            out.json(names.outgoing(name))
            out.writeStaticString("}")
        case .auto, .other: out.json("auto" as StaticString)
        }
    }

    // MARK: Numbers and forms

    private mutating func writeReasoning() {
        let own = isOwn ? request.extras.filter { $0.name.hasPrefix("reasoning.") } : []
        let effort = isOwn && request.effort != nil ? request.effort : OpenAIEffort.of(request, profile, &losses)
        guard effort != nil || !own.isEmpty else { return }
        out.name("reasoning")
        out.writeStaticString("{")
        if let effort {
            out.name("effort")
            out.json(effort)
        }
        for extra in own {
            out.name(String(extra.name.dropFirst("reasoning.".count)))
            out.json(extra.value)
        }
        out.writeStaticString("}")
        if !isOwn {
            out.name("include")
            out.writeStaticString(#"["reasoning.encrypted_content"]"#)
        }
    }

    private mutating func writeText() throws(GateError) {
        var members = ByteWriter(capacity: 256)
        members.writeStaticString("{")
        if let format = request.format {
            if isOwn, let raw = format.raw {
                members.name("format")
                members.json(raw)
            } else {
                try write(format.kind, to: &members)
            }
        }
        for extra in request.extras {
            if isOwn, extra.name.hasPrefix("text.") {
                members.name(String(extra.name.dropFirst("text.".count)))
                members.json(extra.value)
            } else if request.origin == .chat, extra.name == "verbosity", !extra.value.isNull {
                members.name("verbosity")
                members.json(extra.value)
            }
        }
        guard members.count > 1 else { return }
        members.writeStaticString("}")
        out.name("text")
        members.withBytes { out.writeSpan($0) }
    }

    private mutating func write(_ kind: Exchange.OutputFormat.Kind, to out: inout ByteWriter) throws(GateError) {
        switch kind {
        case .text: return
        case .object:
            out.name("format")
            out.writeStaticString(#"{"type":"json_object"}"#)
        case .schema(let schema, let name, let strict):
            out.name("format")
            out.writeStaticString(#"{"type":"json_schema","name":"#)
            out.json(name ?? JSONText("output"))
            if let schema {
                out.name("schema")
                out.json(schema)
            }
            out.name("strict")
            out.json(strict ?? (request.origin == .messages))
            out.writeStaticString("}")
        case .other: try losses.asked("response_format")
        }
    }

    // MARK: The rest

    private mutating func lose(_ extra: Exchange.Extra) throws(GateError) {
        guard request.origin == .chat else { return try MessagesLosses.note(extra, &losses) }
        switch extra.name {
        // Both of OpenAI's APIs have these.
        case "metadata", "store", "prompt_cache_key", "safety_identifier", "prompt_cache_retention", "top_logprobs":
            out.name(extra.name)
            out.json(extra.value)
        case "verbosity": return
        default: try ChatLosses.note(extra, &losses)
        }
    }
}
