import OstiaryCore

/// The arguments of a call as an object, whatever the model made of them (R14).
enum ToolArguments {
    /// Writes the object; false when the text was none and is kept as `{"_raw": "…"}`.
    static func write(_ arguments: Exchange.ToolCall.Arguments, to out: inout ByteWriter) -> Bool {
        let text: JSONText
        switch arguments {
        case .object(let slice):
            if slice.kind == .object {
                out.json(slice)
                return true
            }
            if slice.isNull {
                out.writeStaticString("{}")
                return true
            }
            guard let words = slice.text else {
                out.writeStaticString(#"{"_raw":"#)
                out.jsonText(of: slice)
                out.writeStaticString("}")
                return false
            }
            text = words
        case .text(let words): text = words
        }
        let bytes = text.bytes
        if bytes.allSatisfy({ $0 == 0x20 || $0 == 0x0a || $0 == 0x0d || $0 == 0x09 }) {
            out.writeStaticString("{}")
            return true
        }
        if let document = try? JSONDocument(bytes), document.root.kind == .object {
            out.json(document.root)
            return true
        }
        out.writeStaticString(#"{"_raw":"#)
        out.json(text)
        out.writeStaticString("}")
        return false
    }
}
