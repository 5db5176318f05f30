import OstiaryCore

/// How many tokens a conversation will be, estimated without a model's vocabulary: within a tenth or two for prose and
/// code, and never the provider's own number.
///
/// It counts everything that a model gets to read, whichever API the body is written in: instructions, texts, tools with
/// their schemas, calls and results, thoughts, images. What the model does not read (ids, signatures, marks for caches,
/// settings) counts for nothing. One walk over the document; 200 KiB take about a millisecond.
enum TokenEstimate {
    /// What an image costs whose size nobody can tell.
    private static let unknownImage = 1600
    /// Tokens around each message, tool and block.
    private static let frame = 4

    /// Members of a request that hold what the model reads.
    private static let contents: Set<String> = [
        "system", "instructions", "messages", "input", "tools", "functions", "prompt", "response_format",
        "output_config", "text",
    ]
    /// Members, at any depth, that the model does not read.
    private static let silent: Set<String> = [
        "type", "id", "tool_use_id", "tool_call_id", "call_id", "signature", "encrypted_content", "cache_control",
        "prompt_cache_breakpoint", "index", "status", "effort", "verbosity", "media_type", "detail",
    ]

    /// The tokens of a request's body; at least 1.
    static func input(of body: JSONValue) -> Int {
        guard let request = body.object else { return 1 }
        var count = 0
        for member in request.members where contents.contains(member.name) {
            count += tokens(of: member.value)
        }
        return max(1, count)
    }

    /// The tokens of a text.
    static func tokens(in text: String) -> Int {
        var text = text
        return text.withUTF8 { TextTokens.count($0) }
    }

    private static func tokens(of value: JSONValue) -> Int {
        switch value {
        case .null, .bool: 1
        case .number(let number): 1 + number.text.utf8.count / 3
        case .string(let text): tokens(in: text)
        case .array(let elements): elements.reduce(0) { $0 + frame + tokens(of: $1) }
        case .object(let object): tokens(of: object)
        }
    }

    private static func tokens(of object: JSONObject) -> Int {
        switch object["type"]?.string {
        // A schema's property may be called like a block's kind: only what looks like one is an image.
        case "image" where object["source"] != nil: return image(object["source"]?.object?["data"]?.string)
        case "image_url" where object["image_url"] != nil:
            return image(object["image_url"]?.object?["url"]?.string ?? object["image_url"]?.string)
        case "input_image": return image(object["image_url"]?.string)
        case "document" where object["source"]?.object?["type"]?.string == "base64",
            "input_file" where object["file_data"] != nil, "file" where object["file"] != nil:
            return document(object)
        case "redacted_thinking": return 0
        default: break
        }
        var count = 0
        for member in object.members where !silent.contains(member.name) {
            // Names matter where they are part of a schema or of arguments, and cost little elsewhere.
            count += 1 + tokens(of: member.value)
        }
        return count
    }

    /// A page of a document is about 3 KiB of base64 for each 2,000 tokens at the least; nobody can say without reading it.
    private static func document(_ object: JSONObject) -> Int {
        let data =
            object["source"]?.object?["data"]?.string ?? object["file_data"]?.string
            ?? object["file"]?.object?["file_data"]?.string
        return max(unknownImage, (data?.utf8.count ?? 0) / 24)
    }

    /// - Parameter data: base64, alone or behind the head of a `data:` URL.
    private static func image(_ data: String?) -> Int {
        guard let data, let size = ImageSize(base64: data) else { return unknownImage }
        // Larger ones are made smaller before a model sees them.
        return min(unknownImage, max(1, (size.width * size.height + 749) / 750))
    }
}
