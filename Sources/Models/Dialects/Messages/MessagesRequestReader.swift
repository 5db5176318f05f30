import OstiaryCore

/// Reads a request of Anthropic's Messages API.
enum MessagesRequestReader {
    private static let members: [StaticString] = [
        "model", "max_tokens", "messages", "system", "tools", "tool_choice", "thinking", "output_config",
        "stop_sequences", "stream", "metadata", "service_tier", "temperature", "top_p", "top_k",
    ]

    static func read(_ root: JSONSlice) throws(GateError) -> Exchange.Request {
        guard root.kind == .object else { throw .misshapen("the body", "an object") }
        guard let model = root["model"]?.text else { throw .misshapen("model", "a string") }
        var request = Exchange.Request(origin: .messages, model: model)
        request.extras = root.extras(except: members)
        if let system = root["system"] {
            (request.system, request.isPlainSystem) = try MessagesParts.read(system, "system")
        }
        guard let messages = root["messages"], messages.kind == .array else {
            throw .misshapen("messages", "a list")
        }
        try messages.forEachElement { (message) throws(GateError) in
            request.turns.append(try turn(message))
        }
        request.outputBound = root["max_tokens"]?.int
        request.temperature = root["temperature"]?.present
        request.topP = root["top_p"]?.present
        request.topK = root["top_k"]?.present
        request.stops = root["stop_sequences"]?.elements.compactMap(\.text) ?? []
        request.streams = root["stream"]?.bool ?? false
        request.wantsUsage = true
        request.serviceTier = root["service_tier"]?.text
        readTools(root, &request)
        readThinking(root, &request)
        if let metadata = root["metadata"]?.present {
            request.user = metadata["user_id"]?.text
            // Whatever else stands there is written back where it was.
            request.extras.append(Exchange.Extra(name: "metadata", value: metadata))
        }
        return request
    }

    private static func turn(_ message: JSONSlice) throws(GateError) -> Exchange.Turn {
        guard message.kind == .object else { throw .misshapen("messages[]", "an object") }
        let role: Exchange.Role
        switch message["role"]?.string {
        case "user": role = .user
        case "assistant": role = .assistant
        case "system": role = .system
        default: throw .misshapen("messages[].role", "user, assistant or system")
        }
        guard let content = message["content"] else { throw .misshapen("messages[].content", "there") }
        let (parts, isPlain) = try MessagesParts.read(content, "messages[].content")
        return Exchange.Turn(
            role,
            parts,
            isPlain: isPlain,
            raw: message,
            extras: message.extras(except: ["role", "content"])
        )
    }

    private static func readTools(_ root: JSONSlice, _ request: inout Exchange.Request) {
        root["tools"]?.forEachElement { request.tools.append(tool($0)) }
        guard let choice = root["tool_choice"]?.present else { return }
        let kind: Exchange.ToolChoice.Kind
        switch choice["type"]?.string {
        case "auto": kind = .auto
        case "any": kind = .any
        case "none": kind = .none
        case "tool": kind = choice["name"]?.text.map { .tool($0) } ?? .other
        default: kind = .other
        }
        request.toolChoice = Exchange.ToolChoice(kind, raw: choice)
        request.parallelCalls = choice["disable_parallel_tool_use"]?.bool.map { !$0 }
    }

    private static func tool(_ slice: JSONSlice) -> Exchange.Tool {
        let type = slice["type"]?.present?.text
        let isFunction = type.map { $0.equals("custom") } ?? true
        var tool = Exchange.Tool(
            isFunction ? .function : .server(type ?? JSONText("")),
            name: slice["name"]?.text ?? JSONText("")
        )
        tool.description = slice["description"]?.text
        tool.schema = slice["input_schema"]
        tool.strict = slice["strict"]?.bool
        tool.isDeferred = slice["defer_loading"]?.bool ?? false
        tool.raw = slice
        tool.extras = slice.extras(except: [
            "type", "name", "description", "input_schema", "strict", "defer_loading",
        ])
        return tool
    }

    private static func readThinking(_ root: JSONSlice, _ request: inout Exchange.Request) {
        if let thinking = root["thinking"]?.present {
            let kind: Exchange.Thinking.Kind
            switch thinking["type"]?.string {
            case "enabled": kind = .budget(thinking["budget_tokens"]?.int)
            case "adaptive": kind = .adaptive
            case "disabled": kind = .off
            default: kind = .other
            }
            request.thinking = Exchange.Thinking(kind, raw: thinking)
        }
        guard let config = root["output_config"]?.present else { return }
        request.effort = config["effort"]?.text
        if let format = config["format"]?.present {
            let isSchema = format["type"]?.text?.equals("json_schema") ?? false
            request.format = Exchange.OutputFormat(
                isSchema ? .schema(format["schema"], name: nil, strict: nil) : .other,
                raw: format
            )
        }
        for extra in config.extras(except: ["effort", "format"]) {
            request.extras.append(Exchange.Extra(name: "output_config.\(extra.name)", value: extra.value))
        }
    }
}

extension JSONSlice {
    /// The value unless it is null.
    var present: JSONSlice? { isNull ? nil : self }
}
