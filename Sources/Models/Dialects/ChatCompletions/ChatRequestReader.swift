import OstiaryCore

/// Reads a request of OpenAI's Chat Completions.
enum ChatRequestReader {
    private static let members: [StaticString] = [
        "model", "messages", "max_completion_tokens", "max_tokens", "tools", "functions", "tool_choice",
        "function_call", "parallel_tool_calls", "response_format", "reasoning_effort", "stop", "temperature", "top_p",
        "stream", "stream_options", "user", "service_tier",
    ]

    static func read(_ root: JSONSlice) throws(GateError) -> Exchange.Request {
        guard root.kind == .object else { throw .misshapen("the body", "an object") }
        guard let model = root["model"]?.text else { throw .misshapen("model", "a string") }
        guard let messages = root["messages"], messages.kind == .array else { throw .misshapen("messages", "a list") }
        var request = Exchange.Request(origin: .chat, model: model)
        request.extras = root.extras(except: members)
        try messages.forEachElement { (message) throws(GateError) in
            request.turns.append(try turn(message))
        }
        request.outputBound = root["max_completion_tokens"]?.int ?? root["max_tokens"]?.int
        request.temperature = root["temperature"]?.present
        request.topP = root["top_p"]?.present
        if let stop = root["stop"] { request.stops = stop.text.map { [$0] } ?? stop.elements.compactMap(\.text) }
        request.streams = root["stream"]?.bool ?? false
        request.wantsUsage = root["stream_options"]?["include_usage"]?.bool ?? false
        request.user = root["user"]?.text
        request.serviceTier = root["service_tier"]?.text
        request.effort = root["reasoning_effort"]?.text
        readTools(root, &request)
        if let format = root["response_format"]?.present { request.format = self.format(format) }
        return request
    }

    private static func format(_ format: JSONSlice) -> Exchange.OutputFormat {
        switch format["type"]?.string {
        case "text": return Exchange.OutputFormat(.text, raw: format)
        case "json_object": return Exchange.OutputFormat(.object, raw: format)
        case "json_schema":
            let schema = format["json_schema"]
            return Exchange.OutputFormat(
                .schema(schema?["schema"], name: schema?["name"]?.text, strict: schema?["strict"]?.bool),
                raw: format
            )
        default: return Exchange.OutputFormat(.other, raw: format)
        }
    }

    // MARK: Messages

    private static func turn(_ message: JSONSlice) throws(GateError) -> Exchange.Turn {
        guard message.kind == .object else { throw .misshapen("messages[]", "an object") }
        switch message["role"]?.string {
        case "system": return try plain(.system, message)
        case "developer": return try plain(.developer, message)
        case "user": return try plain(.user, message)
        case "assistant": return try assistant(message)
        case "tool", "function": return try tool(message)
        default: throw .misshapen("messages[].role", "developer, system, user, assistant or tool")
        }
    }

    private static func plain(_ role: Exchange.Role, _ message: JSONSlice) throws(GateError) -> Exchange.Turn {
        guard let content = message["content"] else { throw .misshapen("messages[].content", "there") }
        let (parts, isPlain) = try ChatParts.read(content)
        return Exchange.Turn(
            role,
            parts,
            isPlain: isPlain,
            raw: message,
            extras: message.extras(except: ["role", "content"])
        )
    }

    private static func assistant(_ message: JSONSlice) throws(GateError) -> Exchange.Turn {
        var parts: [Exchange.Part] = []
        if let thoughts = ChatWords.reasoning(message) {
            parts.append(Exchange.Part(.thinking(thoughts, signature: nil)))
        }
        var isPlain = false
        if let content = message["content"]?.present {
            let (read, plain) = try ChatParts.read(content)
            parts += read
            isPlain = plain
        }
        if let refusal = message["refusal"]?.text, !refusal.isEmpty { parts.append(Exchange.Part(.refusal(refusal))) }
        try message["tool_calls"]?.forEachElement { (call) throws(GateError) in
            guard let function = call["function"] ?? call["custom"], let name = function["name"]?.text,
                let id = call["id"]?.text
            else { throw .misshapen("messages[].tool_calls[]", "a call with id and name") }
            let arguments = function["arguments"] ?? function["input"]
            parts.append(Exchange.Part(.call(.init(id: id, name: name, arguments: self.arguments(arguments)))))
        }
        if let function = message["function_call"]?.present, let name = function["name"]?.text {
            // The old form has no ids; its answer names the function.
            parts.append(
                Exchange.Part(.call(.init(id: name, name: name, arguments: self.arguments(function["arguments"]))))
            )
        }
        return Exchange.Turn(
            .assistant,
            parts,
            isPlain: isPlain,
            raw: message,
            extras: message.extras(except: [
                "role", "content", "refusal", "tool_calls", "function_call", "reasoning_content", "reasoning",
                "reasoning_details",
            ])
        )
    }

    private static func arguments(_ slice: JSONSlice?) -> Exchange.ToolCall.Arguments {
        guard let slice else { return .text(JSONText("")) }
        return slice.text.map { .text($0) } ?? .object(slice)
    }

    private static func tool(_ message: JSONSlice) throws(GateError) -> Exchange.Turn {
        guard let id = message["tool_call_id"]?.text ?? message["name"]?.text else {
            throw .misshapen("messages[].tool_call_id", "a string")
        }
        var result = Exchange.ToolResult(callID: id, parts: [], isPlain: true)
        if let content = message["content"]?.present { (result.parts, result.isPlain) = try ChatParts.read(content) }
        return Exchange.Turn(
            .tool,
            [Exchange.Part(.result(result))],
            raw: message,
            extras: message.extras(except: ["role", "content", "tool_call_id", "name"])
        )
    }

    // MARK: Tools

    private static func readTools(_ root: JSONSlice, _ request: inout Exchange.Request) {
        root["tools"]?.forEachElement { slice in
            if let function = slice["function"] {
                request.tools.append(tool(function, raw: slice))
            } else {
                let type = slice["type"]?.text ?? JSONText("unknown")
                var tool = Exchange.Tool(.server(type), name: slice["custom"]?["name"]?.text ?? type)
                tool.raw = slice
                request.tools.append(tool)
            }
        }
        root["functions"]?.forEachElement { request.tools.append(tool($0, raw: nil)) }
        request.parallelCalls = root["parallel_tool_calls"]?.bool
        guard let choice = (root["tool_choice"] ?? root["function_call"])?.present else { return }
        let kind: Exchange.ToolChoice.Kind
        switch choice.string {
        case "auto": kind = .auto
        case "required": kind = .any
        case "none": kind = .none
        default:
            let name = choice["function"]?["name"]?.text ?? choice["name"]?.text
            kind = name.map { .tool($0) } ?? .other
        }
        request.toolChoice = Exchange.ToolChoice(kind, raw: root["tool_choice"] == nil ? nil : choice)
    }

    private static func tool(_ function: JSONSlice, raw: JSONSlice?) -> Exchange.Tool {
        var tool = Exchange.Tool(.function, name: function["name"]?.text ?? JSONText(""))
        tool.description = function["description"]?.text
        tool.schema = function["parameters"]?.present
        tool.strict = function["strict"]?.bool
        tool.raw = raw
        tool.extras = function.extras(except: ["name", "description", "parameters", "strict"])
        return tool
    }
}
