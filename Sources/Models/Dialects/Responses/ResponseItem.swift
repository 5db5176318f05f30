import OstiaryCore

/// Items of an answer of the Responses API, as they are written.
enum ResponseItem {
    static func writeMessage(_ id: JSONText, text: JSONText, to out: inout ByteWriter) {
        open("message", id, to: &out)
        out.writeStaticString(#","role":"assistant","status":"completed","content":["#)
        writePart(text: text, to: &out)
        out.writeStaticString("]}")
    }

    static func writeRefusal(_ id: JSONText, _ text: JSONText, to out: inout ByteWriter) {
        open("message", id, to: &out)
        out.writeStaticString(#","role":"assistant","status":"completed","content":["#)
        writePart(refusal: text, to: &out)
        out.writeStaticString("]}")
    }

    static func writePart(text: JSONText, to out: inout ByteWriter) {
        out.writeStaticString(#"{"type":"output_text","text":"#)
        out.json(text)
        out.writeStaticString(#","annotations":[],"logprobs":[]}"#)
    }

    static func writePart(refusal: JSONText, to out: inout ByteWriter) {
        out.writeStaticString(#"{"type":"refusal","refusal":"#)
        out.json(refusal)
        out.writeStaticString("}")
    }

    static func writeCall(
        _ id: JSONText,
        call: JSONText,
        name: JSONText,
        arguments: JSONText,
        isDone: Bool = true,
        to out: inout ByteWriter
    ) {
        open("function_call", id, to: &out)
        out.name("call_id")
        out.json(call)
        out.name("name")
        out.json(name)
        out.name("arguments")
        out.json(arguments)
        out.name("status")
        if isDone { out.json("completed" as StaticString) } else { out.json("in_progress" as StaticString) }
        out.writeStaticString("}")
    }

    /// - Parameter sealed: the proof of the thoughts' provider; see `seal`.
    static func writeReasoning(_ id: JSONText, _ text: JSONText, sealed: JSONText?, to out: inout ByteWriter) {
        open("reasoning", id, to: &out)
        out.name("summary")
        out.writeStaticString("[")
        if !text.isEmpty {
            out.writeStaticString(#"{"type":"summary_text","text":"#)
            out.json(text)
            out.writeStaticString("}")
        }
        out.writeStaticString("]")
        if let sealed {
            out.name("encrypted_content")
            out.json(sealed)
        }
        out.writeStaticString("}")
    }

    private static func open(_ type: StaticString, _ id: JSONText, to out: inout ByteWriter) {
        out.element()
        out.writeStaticString("{")
        out.name("id")
        out.json(id)
        out.name("type")
        out.json(type)
    }

    /// A signature as this dialect's sealed content, so that the client sends it back.
    static func seal(_ signature: JSONText?) -> JSONText? {
        guard let signature, !signature.isEmpty else { return nil }
        if let own = ThinkingMark.proof(signature, ThinkingMark.sealedByResponses) {
            return own.split(at: UInt8(ascii: "."), within: 128)?.behind
        }
        if ThinkingMark.isOurs(signature) { return nil }
        return ThinkingMark.mark(ThinkingMark.signedByMessages, signature)
    }
}
