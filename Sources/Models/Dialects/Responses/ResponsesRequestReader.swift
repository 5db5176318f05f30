import OstiaryCore

/// Reads a request of OpenAI's Responses API.
enum ResponsesRequestReader {
    private static let members: [StaticString] = [
        "model", "input", "instructions", "max_output_tokens", "tools", "tool_choice", "parallel_tool_calls",
        "reasoning", "text", "temperature", "top_p", "stream", "user", "service_tier",
    ]

    static func read(_ root: JSONSlice) throws(GateError) -> Exchange.Request {
        guard root.kind == .object else { throw .misshapen("the body", "an object") }
        guard let model = root["model"]?.text else { throw .misshapen("model", "a string") }
        var request = Exchange.Request(origin: .responses, model: model)
        request.extras = root.extras(except: members)
        if let instructions = root["instructions"]?.present {
            guard let text = instructions.text else { throw .misshapen("instructions", "a string") }
            request.system = [Exchange.Part(.text(text))]
            request.isPlainSystem = true
        }
        if let input = root["input"]?.present { request.turns = try ResponsesItems.read(input) }
        request.outputBound = root["max_output_tokens"]?.int
        request.temperature = root["temperature"]?.present
        request.topP = root["top_p"]?.present
        request.streams = root["stream"]?.bool ?? false
        request.wantsUsage = true
        request.user = root["user"]?.text
        request.serviceTier = root["service_tier"]?.text
        request.parallelCalls = root["parallel_tool_calls"]?.bool
        readTools(root, &request)
        if let reasoning = root["reasoning"]?.present {
            request.effort = reasoning["effort"]?.text
            keep(reasoning, "reasoning", except: ["effort"], &request)
        }
        if let text = root["text"]?.present {
            if let format = text["format"]?.present { request.format = self.format(format) }
            keep(text, "text", except: ["format"], &request)
        }
        return request
    }

    /// Members of a member, under both names.
    private static func keep(
        _ slice: JSONSlice,
        _ name: String,
        except known: [StaticString],
        _ request: inout Exchange.Request
    ) {
        for extra in slice.extras(except: known) {
            request.extras.append(Exchange.Extra(name: "\(name).\(extra.name)", value: extra.value))
        }
    }

    private static func format(_ format: JSONSlice) -> Exchange.OutputFormat {
        switch format["type"]?.string {
        case "text": return Exchange.OutputFormat(.text, raw: format)
        case "json_object": return Exchange.OutputFormat(.object, raw: format)
        case "json_schema":
            return Exchange.OutputFormat(
                .schema(format["schema"], name: format["name"]?.text, strict: format["strict"]?.bool),
                raw: format
            )
        default: return Exchange.OutputFormat(.other, raw: format)
        }
    }

    private static func readTools(_ root: JSONSlice, _ request: inout Exchange.Request) {
        root["tools"]?.forEachElement { slice in
            let type = slice["type"]?.text ?? JSONText("function")
            let isFunction = type.equals("function")
            var tool = Exchange.Tool(isFunction ? .function : .server(type), name: slice["name"]?.text ?? type)
            tool.raw = slice
            if isFunction {
                tool.description = slice["description"]?.text
                tool.schema = slice["parameters"]?.present
                tool.strict = slice["strict"]?.bool
                tool.extras = slice.extras(except: ["type", "name", "description", "parameters", "strict"])
            }
            request.tools.append(tool)
        }
        guard let choice = root["tool_choice"]?.present else { return }
        let kind: Exchange.ToolChoice.Kind
        switch choice.string {
        case "auto": kind = .auto
        case "required": kind = .any
        case "none": kind = .none
        default:
            let isFunction = choice["type"]?.text?.equals("function") ?? false
            kind = isFunction ? choice["name"]?.text.map { .tool($0) } ?? .other : .other
        }
        request.toolChoice = Exchange.ToolChoice(kind, raw: choice)
    }
}
