import OstiaryCore

/// The members of a response beside its output, most of which repeat the request.
struct ResponseFrame: Sendable {
    /// `"instructions":…` up to `"max_output_tokens":…`, as bytes.
    private let echo: [UInt8]

    private static let members: [(StaticString, StaticString)] = [
        ("instructions", "null"), ("metadata", "{}"), ("parallel_tool_calls", "true"), ("temperature", "1.0"),
        ("top_p", "1.0"), ("tool_choice", "\"auto\""), ("tools", "[]"), ("truncation", "\"disabled\""),
        ("previous_response_id", "null"), ("store", "false"), ("background", "false"),
        ("reasoning", #"{"effort":null,"summary":null}"#), ("text", #"{"format":{"type":"text"}}"#), ("user", "null"),
        ("max_output_tokens", "null"),
    ]

    /// - Parameter request: the client's request; `nil` for one that says nothing.
    init(_ request: JSONSlice?) {
        var out = ByteWriter(capacity: 1024)
        for (name, other) in Self.members {
            out.name(name)
            // Nothing is stored here, whatever was asked.
            let isStore =
                name.utf8CodeUnitCount == 5 && name.utf8Start[1] == UInt8(ascii: "t")
                && name.utf8Start[2] == UInt8(ascii: "o")
            if !isStore, let value = request?[name]?.present { out.json(value) } else { out.writeStaticString(other) }
        }
        echo = out.bytes
    }

    /// Writes the response.
    /// - Parameters:
    ///   - output: the items, divided by commas.
    ///   - stop: `nil` while the answer is under way.
    func write(
        id: JSONText,
        created: Int,
        model: JSONText,
        output: [UInt8],
        stop: Exchange.Stop?,
        tokens: Exchange.Tokens?,
        failure: Exchange.Failure? = nil,
        to out: inout ByteWriter
    ) {
        out.writeStaticString("{")
        out.name("id")
        out.json(id)
        out.writeStaticString(#","object":"response""#)
        out.name("created_at")
        out.json(created)
        let (status, reason) = stop.map(ResponsesWords.status) ?? ("in_progress", nil)
        out.name("status")
        if failure != nil { out.json("failed" as StaticString) } else { out.json(status) }
        out.name("error")
        if let failure {
            out.writeStaticString(#"{"code":"#)
            out.json(failure.code ?? JSONText("server_error"))
            out.name("message")
            out.json(failure.message)
            out.writeStaticString("}")
        } else {
            out.null()
        }
        out.name("incomplete_details")
        if let reason {
            out.writeStaticString(#"{"reason":"#)
            out.json(reason)
            out.writeStaticString("}")
        } else {
            out.null()
        }
        out.name("model")
        out.json(model)
        out.name("output")
        out.writeStaticString("[")
        out.writeBytes(output)
        out.writeStaticString("],")
        out.writeBytes(echo)
        out.name("usage")
        if let tokens { ResponsesWords.write(tokens, to: &out) } else { out.null() }
        out.writeStaticString("}")
    }
}
