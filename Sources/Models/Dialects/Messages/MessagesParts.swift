import OstiaryCore

/// Reads content of the Messages API: a string, or a list of blocks.
enum MessagesParts {
    static func read(_ content: JSONSlice, _ place: String) throws(GateError) -> (
        parts: [Exchange.Part], isPlain: Bool
    ) {
        if let text = content.text { return ([Exchange.Part(.text(text))], true) }
        guard content.kind == .array else { throw .misshapen(place, "a string or a list of blocks") }
        var parts: [Exchange.Part] = []
        try content.forEachElement { (block) throws(GateError) in
            parts.append(try part(block, place))
        }
        return (parts, false)
    }

    private static func part(_ block: JSONSlice, _ place: String) throws(GateError) -> Exchange.Part {
        guard block.kind == .object, let type = block["type"]?.text else {
            throw .misshapen("\(place)[]", "a block with a type")
        }
        func made(_ kind: Exchange.Part.Kind, _ known: [StaticString]) -> Exchange.Part {
            Exchange.Part(kind, raw: block, extras: block.extras(except: known))
        }
        switch type.string {
        case "text":
            return made(.text(block["text"]?.text ?? JSONText("")), ["type", "text"])
        case "image":
            guard let image = image(block) else { return Exchange.Part(.other(type), raw: block) }
            return made(.image(image), ["type", "source"])
        case "document":
            guard let document = try document(block) else { return Exchange.Part(.other(type), raw: block) }
            return made(.document(document), ["type", "source", "title", "context"])
        case "search_result":
            let content = try block["content"].map { (slice) throws(GateError) in try read(slice, "content").parts }
            let kind = Exchange.Part.Kind.searchResult(
                title: block["title"]?.text,
                source: block["source"]?.text,
                content ?? []
            )
            return made(kind, ["type", "title", "source", "content"])
        case "thinking":
            let kind = Exchange.Part.Kind.thinking(
                block["thinking"]?.text ?? JSONText(""),
                signature: block["signature"]?.text
            )
            return made(kind, ["type", "thinking", "signature"])
        case "redacted_thinking":
            return made(.sealedThinking(block["data"]?.text ?? JSONText("")), ["type", "data"])
        case "tool_use":
            guard let name = block["name"]?.text, let id = block["id"]?.text else {
                throw .misshapen("\(place)[]", "a tool_use with id and name")
            }
            let arguments = block["input"].map { Exchange.ToolCall.Arguments.object($0) } ?? .text(JSONText("{}"))
            return made(.call(.init(id: id, name: name, arguments: arguments)), ["type", "id", "name", "input"])
        case "tool_result":
            return made(
                .result(try result(block, place)),
                ["type", "tool_use_id", "content", "is_error"]
            )
        case "tool_reference":
            return made(.toolReference(block["tool_name"]?.text ?? JSONText("")), ["type", "tool_name"])
        default:
            return Exchange.Part(.other(type), raw: block)
        }
    }

    private static func image(_ block: JSONSlice) -> Exchange.Image? {
        guard let source = block["source"] else { return nil }
        switch source["type"]?.string {
        case "base64":
            guard let type = source["media_type"]?.text, let data = source["data"]?.text else { return nil }
            return Exchange.Image(source: .data(mediaType: type, base64: data))
        case "url":
            return source["url"]?.text.map { Exchange.Image(source: .url($0)) }
        case "file":
            return Exchange.Image(source: .file(source["file_id"]?.text))
        default: return nil
        }
    }

    private static func document(_ block: JSONSlice) throws(GateError) -> Exchange.Document? {
        guard let source = block["source"] else { return nil }
        let found: Exchange.Document.Source
        switch source["type"]?.string {
        case "base64":
            guard let type = source["media_type"]?.text, let data = source["data"]?.text else { return nil }
            found = .data(mediaType: type, base64: data)
        case "text":
            guard let data = source["data"]?.text else { return nil }
            found = .text(data)
        case "content":
            guard let content = source["content"] else { return nil }
            found = .parts(try read(content, "source.content").parts)
        case "url":
            guard let url = source["url"]?.text else { return nil }
            found = .url(url)
        case "file": found = .file(source["file_id"]?.text)
        default: return nil
        }
        return Exchange.Document(source: found, title: block["title"]?.text, context: block["context"]?.text)
    }

    private static func result(_ block: JSONSlice, _ place: String) throws(GateError) -> Exchange.ToolResult {
        guard let id = block["tool_use_id"]?.text else {
            throw .misshapen("\(place)[]", "a tool_result with tool_use_id")
        }
        var result = Exchange.ToolResult(callID: id, parts: [], isPlain: false, isError: block["is_error"]?.bool)
        if let content = block["content"]?.present {
            (result.parts, result.isPlain) = try read(content, "\(place)[].content")
        }
        return result
    }
}
