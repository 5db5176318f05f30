/// Writes JSON (RFC 8259) in its shortest form: no white space, members in their order, numbers as they are spelled.
public enum JSONWriter {
    /// The bytes of `value`.
    public static func write(_ value: JSONValue) -> [UInt8] {
        var bytes: [UInt8] = []
        append(value, to: &bytes)
        return bytes
    }

    /// Appends `value`.
    public static func append(_ value: JSONValue, to bytes: inout [UInt8]) {
        switch value {
        case .null: append("null", to: &bytes)
        case .bool(let bool): append(bool ? "true" : "false", to: &bytes)
        case .number(let number): bytes.append(contentsOf: number.text.utf8)
        case .string(let text): appendQuoted(text, to: &bytes)
        case .array(let elements):
            bytes.append(UInt8(ascii: "["))
            for (position, element) in elements.enumerated() {
                if position > 0 { bytes.append(UInt8(ascii: ",")) }
                append(element, to: &bytes)
            }
            bytes.append(UInt8(ascii: "]"))
        case .object(let object):
            bytes.append(UInt8(ascii: "{"))
            for (position, member) in object.members.enumerated() {
                if position > 0 { bytes.append(UInt8(ascii: ",")) }
                appendQuoted(member.name, to: &bytes)
                bytes.append(UInt8(ascii: ":"))
                append(member.value, to: &bytes)
            }
            bytes.append(UInt8(ascii: "}"))
        }
    }

    /// Appends `text` as a JSON string with its quotes. Quote, backslash and control characters (DEL too) are escaped,
    /// so the result is one line and harmless on a terminal.
    public static func appendQuoted(_ text: String, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0x08: append("\\b", to: &bytes)
            case 0x09: append("\\t", to: &bytes)
            case 0x0a: append("\\n", to: &bytes)
            case 0x0c: append("\\f", to: &bytes)
            case 0x0d: append("\\r", to: &bytes)
            case ..<0x20, 0x7f:
                append("\\u00", to: &bytes)
                bytes.append(Hex.digit(byte >> 4))
                bytes.append(Hex.digit(byte & 0xf))
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private static func append(_ literal: StaticString, to bytes: inout [UInt8]) {
        literal.withUTF8Buffer { bytes.append(contentsOf: $0) }
    }
}

extension JSONValue {
    /// A whole number.
    public static func integer(_ value: Int) -> JSONValue {
        .number(JSONNumber(text: String(value)))
    }

    /// An object of these members in this order.
    public static func members(_ members: (name: String, value: JSONValue)...) -> JSONValue {
        .object(JSONObject(members: members.map { .init(name: $0.name, value: $0.value) }))
    }
}
