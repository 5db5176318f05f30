import OstiaryCore

/// Reads content of Chat Completions: a string, or a list of parts.
enum ChatParts {
    static func read(_ content: JSONSlice) throws(GateError) -> (parts: [Exchange.Part], isPlain: Bool) {
        if let text = content.text { return ([Exchange.Part(.text(text))], true) }
        if content.isNull { return ([], true) }
        guard content.kind == .array else {
            throw .misshapen("messages[].content", "a string or a list of parts")
        }
        var parts: [Exchange.Part] = []
        try content.forEachElement { (part) throws(GateError) in
            guard part.kind == .object, let type = part["type"]?.text else {
                throw .misshapen("messages[].content[]", "a part with a type")
            }
            parts.append(self.part(part, type))
        }
        return (parts, false)
    }

    private static func part(_ part: JSONSlice, _ type: JSONText) -> Exchange.Part {
        func made(_ kind: Exchange.Part.Kind, _ known: [StaticString]) -> Exchange.Part {
            Exchange.Part(kind, raw: part, extras: part.extras(except: known))
        }
        switch type.string {
        case "text": return made(.text(part["text"]?.text ?? JSONText("")), ["type", "text"])
        case "refusal": return made(.refusal(part["refusal"]?.text ?? JSONText("")), ["type", "refusal"])
        case "image_url":
            let image = part["image_url"]
            guard let url = image?["url"]?.text ?? image?.text else { break }
            return made(
                .image(Exchange.Image(source: DataURL.image(url), detail: image?["detail"]?.text)),
                ["type", "image_url"]
            )
        case "file":
            guard let file = part["file"] else { break }
            return made(.document(DataURL.document(file["file_data"]?.text, file)), ["type", "file"])
        case "input_audio": return made(.audio, ["type", "input_audio"])
        default: break
        }
        return Exchange.Part(.other(type), raw: part)
    }
}

/// Files inside of addresses (RFC 2397), as OpenAI's APIs have them.
enum DataURL {
    static func image(_ url: JSONText) -> Exchange.Image.Source {
        parse(url).map { .data(mediaType: $0.type, base64: $0.data) } ?? .url(url)
    }

    static func document(_ data: JSONText?, _ file: JSONSlice) -> Exchange.Document {
        let title = file["filename"]?.text
        guard let data else {
            return Exchange.Document(source: .file(file["file_id"]?.text), title: title)
        }
        guard let (type, base64) = parse(data) else {
            return Exchange.Document(
                source: .data(mediaType: JSONText("application/pdf"), base64: data),
                title: title
            )
        }
        return Exchange.Document(source: .data(mediaType: type, base64: base64), title: title)
    }

    private static func parse(_ url: JSONText) -> (type: JSONText, data: JSONText)? {
        guard url.starts(with: "data:"), let (head, data) = url.split(at: UInt8(ascii: ","), within: 256) else {
            return nil
        }
        let words = head.dropFirst(5).split(separator: ";", omittingEmptySubsequences: false)
        guard words.last == "base64", let type = words.first, !type.isEmpty else { return nil }
        return (JSONText(String(type)), data)
    }
}
