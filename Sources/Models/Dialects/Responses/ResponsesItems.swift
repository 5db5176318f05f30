import OstiaryCore

/// Reads the items of the Responses API, of a request's input and of an answer's output. Each becomes a message of its
/// own.
enum ResponsesItems {
    static func read(_ input: JSONSlice) throws(GateError) -> [Exchange.Turn] {
        if let text = input.text { return [Exchange.Turn(.user, [Exchange.Part(.text(text))], isPlain: true)] }
        guard input.kind == .array else { throw .misshapen("input", "a string or a list of items") }
        var turns: [Exchange.Turn] = []
        try input.forEachElement { (item) throws(GateError) in
            turns.append(try turn(item))
        }
        return turns
    }

    private static func turn(_ item: JSONSlice) throws(GateError) -> Exchange.Turn {
        guard item.kind == .object else { throw .misshapen("input[]", "an object") }
        let type = item["type"]?.text ?? JSONText("message")
        switch type.string {
        case "message": return try message(item)
        case "function_call":
            guard let id = item["call_id"]?.text, let name = item["name"]?.text else {
                throw .misshapen("input[]", "a function_call with call_id and name")
            }
            let arguments = item["arguments"]
            let call = Exchange.ToolCall(
                id: id,
                name: name,
                arguments: arguments?.text.map { .text($0) } ?? arguments.map { .object($0) } ?? .text(JSONText(""))
            )
            return Exchange.Turn(.assistant, [Exchange.Part(.call(call), raw: item)], raw: item)
        case "function_call_output":
            guard let id = item["call_id"]?.text else {
                throw .misshapen("input[]", "a function_call_output with call_id")
            }
            var result = Exchange.ToolResult(callID: id, parts: [], isPlain: true)
            if let output = item["output"]?.present { (result.parts, result.isPlain) = try content(output) }
            return Exchange.Turn(.tool, [Exchange.Part(.result(result), raw: item)], raw: item)
        case "reasoning":
            return Exchange.Turn(.assistant, [reasoning(item)], raw: item)
        case "item_reference":
            throw Losses.refusal("input.item_reference", because: "the item lies with another provider")
        default:
            return Exchange.Turn(.assistant, [Exchange.Part(.other(type), raw: item)], raw: item)
        }
    }

    private static func message(_ item: JSONSlice) throws(GateError) -> Exchange.Turn {
        let role: Exchange.Role
        switch item["role"]?.string {
        case "user": role = .user
        case "assistant": role = .assistant
        case "system": role = .system
        case "developer": role = .developer
        default: throw .misshapen("input[].role", "user, assistant, system or developer")
        }
        guard let content = item["content"] else { throw .misshapen("input[].content", "there") }
        let (parts, isPlain) = try self.content(content)
        return Exchange.Turn(
            role,
            parts,
            isPlain: isPlain,
            raw: item,
            extras: item.extras(except: ["type", "role", "content", "id", "status"])
        )
    }

    /// Thoughts. Their proof is sealed by their provider; or it is one that the gate made of another family's.
    static func reasoning(_ item: JSONSlice) -> Exchange.Part {
        var texts = item["summary"]?.elements.compactMap { $0["text"]?.text } ?? []
        if texts.isEmpty { texts = item["content"]?.elements.compactMap { $0["text"]?.text } ?? [] }
        var signature = item["encrypted_content"]?.text
        if let sealed = signature, !ThinkingMark.isOurs(sealed) {
            signature = ThinkingMark.mark(
                ThinkingMark.sealedByResponses,
                JSONText(joining: [item["id"]?.text ?? JSONText("rs"), JSONText("."), sealed])
            )
        }
        return Exchange.Part(.thinking(JSONText(joining: texts, by: "\n\n"), signature: signature), raw: item)
    }

    // MARK: Content

    static func content(_ content: JSONSlice) throws(GateError) -> (parts: [Exchange.Part], isPlain: Bool) {
        if let text = content.text { return ([Exchange.Part(.text(text))], true) }
        guard content.kind == .array else { throw .misshapen("input[].content", "a string or a list of parts") }
        var parts: [Exchange.Part] = []
        try content.forEachElement { (part) throws(GateError) in
            guard part.kind == .object, let type = part["type"]?.text else {
                throw .misshapen("input[].content[]", "a part with a type")
            }
            parts.append(self.part(part, type))
        }
        return (parts, false)
    }

    private static func part(_ part: JSONSlice, _ type: JSONText) -> Exchange.Part {
        func made(_ kind: Exchange.Part.Kind, _ known: [StaticString]) -> Exchange.Part {
            Exchange.Part(kind, raw: part, extras: part.extras(except: known).filter { !$0.value.isEmptyList })
        }
        switch type.string {
        case "input_text", "output_text", "text":
            return made(.text(part["text"]?.text ?? JSONText("")), ["type", "text"])
        case "refusal": return made(.refusal(part["refusal"]?.text ?? JSONText("")), ["type", "refusal"])
        case "input_image":
            let source = part["image_url"]?.text.map(DataURL.image) ?? .file(part["file_id"]?.text)
            return made(
                .image(Exchange.Image(source: source, detail: part["detail"]?.text)),
                ["type", "image_url", "file_id", "detail"]
            )
        case "input_file":
            var document = DataURL.document(part["file_data"]?.text, part)
            if let url = part["file_url"]?.text { document.source = .url(url) }
            return made(.document(document), ["type", "filename", "file_data", "file_id", "file_url"])
        case "input_audio": return made(.audio, ["type", "input_audio"])
        default: return Exchange.Part(.other(type), raw: part)
        }
    }
}

extension JSONSlice {
    /// Whether it says nothing: an empty list, as the vendor's answers have them everywhere.
    var isEmptyList: Bool { kind == .array && isEmpty }
}
