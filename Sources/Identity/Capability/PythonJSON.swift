import OstiaryCore

/// JSON in the layout of Python's `json.dumps`: a blank behind each comma and colon, everything but ASCII escaped. The
/// other makers of tokens write it so, and a token's bytes are what is signed.
enum PythonJSON {
    static func write(_ value: JSONValue) -> [UInt8] {
        var bytes: [UInt8] = []
        append(value, to: &bytes)
        return bytes
    }

    private static func append(_ value: JSONValue, to bytes: inout [UInt8]) {
        switch value {
        case .array(let elements):
            bytes.append(UInt8(ascii: "["))
            for (position, element) in elements.enumerated() {
                if position > 0 { bytes += ", ".utf8 }
                append(element, to: &bytes)
            }
            bytes.append(UInt8(ascii: "]"))
        case .object(let object):
            bytes.append(UInt8(ascii: "{"))
            for (position, member) in object.members.enumerated() {
                if position > 0 { bytes += ", ".utf8 }
                append(member.name, to: &bytes)
                bytes += ": ".utf8
                append(member.value, to: &bytes)
            }
            bytes.append(UInt8(ascii: "}"))
        case .string(let text): append(text, to: &bytes)
        default: JSONWriter.append(value, to: &bytes)
        }
    }

    private static func append(_ text: String, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        for unit in text.utf16 {
            switch unit {
            case 0x22: bytes += #"\""#.utf8
            case 0x5c: bytes += #"\\"#.utf8
            case 0x08: bytes += #"\b"#.utf8
            case 0x09: bytes += #"\t"#.utf8
            case 0x0a: bytes += #"\n"#.utf8
            case 0x0c: bytes += #"\f"#.utf8
            case 0x0d: bytes += #"\r"#.utf8
            case 0x20..<0x7f, 0x7f: bytes.append(UInt8(truncatingIfNeeded: unit))
            default:
                bytes += #"\u"#.utf8
                for shift in [12, 8, 4, 0] { bytes.append(Hex.digit(UInt8(truncatingIfNeeded: unit >> shift & 0xf))) }
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
