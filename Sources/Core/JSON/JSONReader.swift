/// The strict reader of JSON (RFC 8259): one value, and nothing that two parsers could understand in two ways.
///
/// Refused are: members of one name in one object (after unescaping), a byte order mark, invalid UTF-8, lone
/// surrogates, bytes behind the value, and nesting beyond a bound. Numbers keep their spelling. The time is linear in
/// the input, the stack bounded by the depth, and no input traps.
public enum JSONReader {
    /// The nesting that `read` allows at most, whatever its caller asks for: it bounds the stack.
    public static let deepest = 256

    /// Reads `bytes` as one JSON value with optional white space around it.
    /// - Parameters:
    ///   - bytes: the whole document.
    ///   - depth: how many arrays and objects may be open at once; more than `deepest` counts as `deepest`.
    public static func read(_ bytes: Span<UInt8>, depth: Int = 64) throws(JSONFault) -> JSONValue {
        if bytes.count >= 3, bytes[0] == 0xef, bytes[1] == 0xbb, bytes[2] == 0xbf { throw JSONFault(.encoding, at: 0) }
        var index = 0
        skipWhitespace(bytes, &index)
        let value = try readValue(bytes, &index, min(depth, deepest))
        skipWhitespace(bytes, &index)
        guard index == bytes.count else { throw JSONFault(.trailing, at: index) }
        return value
    }

    /// The same for an array.
    public static func read(_ bytes: [UInt8], depth: Int = 64) throws(JSONFault) -> JSONValue {
        try read(bytes.span, depth: depth)
    }

    // MARK: Values

    private static func readValue(
        _ bytes: Span<UInt8>,
        _ index: inout Int,
        _ depth: Int
    ) throws(JSONFault) -> JSONValue {
        guard index < bytes.count else { throw JSONFault(.truncated, at: index) }
        switch bytes[index] {
        case UInt8(ascii: "{"): return try readObject(bytes, &index, depth)
        case UInt8(ascii: "["): return try readArray(bytes, &index, depth)
        case UInt8(ascii: "\""): return .string(try readString(bytes, &index))
        case UInt8(ascii: "t"):
            try readLiteral(bytes, &index, "true")
            return .bool(true)
        case UInt8(ascii: "f"):
            try readLiteral(bytes, &index, "false")
            return .bool(false)
        case UInt8(ascii: "n"):
            try readLiteral(bytes, &index, "null")
            return .null
        default: return .number(try readNumber(bytes, &index))
        }
    }

    private static func readArray(
        _ bytes: Span<UInt8>,
        _ index: inout Int,
        _ depth: Int
    ) throws(JSONFault) -> JSONValue {
        guard depth > 0 else { throw JSONFault(.depth, at: index) }
        index += 1
        skipWhitespace(bytes, &index)
        var elements: [JSONValue] = []
        if take(bytes, &index, UInt8(ascii: "]")) { return .array(elements) }
        while true {
            elements.append(try readValue(bytes, &index, depth - 1))
            skipWhitespace(bytes, &index)
            if take(bytes, &index, UInt8(ascii: "]")) { return .array(elements) }
            try expect(bytes, &index, UInt8(ascii: ","))
            skipWhitespace(bytes, &index)
        }
    }

    private static func readObject(
        _ bytes: Span<UInt8>,
        _ index: inout Int,
        _ depth: Int
    ) throws(JSONFault) -> JSONValue {
        guard depth > 0 else { throw JSONFault(.depth, at: index) }
        index += 1
        skipWhitespace(bytes, &index)
        var members: [JSONObject.Member] = []
        var names = MemberNames()
        if take(bytes, &index, UInt8(ascii: "}")) { return .object(JSONObject(members: members)) }
        while true {
            let start = index
            guard index < bytes.count else { throw JSONFault(.truncated, at: index) }
            guard bytes[index] == UInt8(ascii: "\"") else { throw JSONFault(.syntax, at: index) }
            let name = try readString(bytes, &index)
            guard names.admit(name, among: members) else { throw JSONFault(.duplicateMember, at: start) }
            skipWhitespace(bytes, &index)
            try expect(bytes, &index, UInt8(ascii: ":"))
            skipWhitespace(bytes, &index)
            members.append(.init(name: name, value: try readValue(bytes, &index, depth - 1)))
            skipWhitespace(bytes, &index)
            if take(bytes, &index, UInt8(ascii: "}")) { return .object(JSONObject(members: members)) }
            try expect(bytes, &index, UInt8(ascii: ","))
            skipWhitespace(bytes, &index)
        }
    }

    // MARK: Pieces of the grammar

    private static func readLiteral(
        _ bytes: Span<UInt8>,
        _ index: inout Int,
        _ literal: StaticString
    ) throws(JSONFault) {
        let start = index
        for offset in 0..<literal.utf8CodeUnitCount {
            guard index < bytes.count else { throw JSONFault(.truncated, at: index) }
            guard bytes[index] == literal.utf8Start[offset] else { throw JSONFault(.syntax, at: start) }
            index += 1
        }
    }

    private static func readNumber(_ bytes: Span<UInt8>, _ index: inout Int) throws(JSONFault) -> JSONNumber {
        let start = index
        _ = take(bytes, &index, UInt8(ascii: "-"))
        if !take(bytes, &index, UInt8(ascii: "0")) { try readDigits(bytes, &index) }
        if take(bytes, &index, UInt8(ascii: ".")) { try readDigits(bytes, &index) }
        if take(bytes, &index, UInt8(ascii: "e")) || take(bytes, &index, UInt8(ascii: "E")) {
            if !take(bytes, &index, UInt8(ascii: "+")) { _ = take(bytes, &index, UInt8(ascii: "-")) }
            try readDigits(bytes, &index)
        }
        return JSONNumber(text: text(of: bytes.extracting(start..<index)))
    }

    /// At least one digit.
    private static func readDigits(_ bytes: Span<UInt8>, _ index: inout Int) throws(JSONFault) {
        let start = index
        while index < bytes.count, bytes[index] &- UInt8(ascii: "0") < 10 { index += 1 }
        if index == start { throw JSONFault(index < bytes.count ? .syntax : .truncated, at: index) }
    }

    static func text(of bytes: Span<UInt8>) -> String {
        bytes.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    }

    private static func skipWhitespace(_ bytes: Span<UInt8>, _ index: inout Int) {
        while index < bytes.count {
            switch bytes[index] {
            case 0x20, 0x09, 0x0a, 0x0d: index += 1
            default: return
            }
        }
    }

    private static func take(_ bytes: Span<UInt8>, _ index: inout Int, _ byte: UInt8) -> Bool {
        guard index < bytes.count, bytes[index] == byte else { return false }
        index += 1
        return true
    }

    private static func expect(_ bytes: Span<UInt8>, _ index: inout Int, _ byte: UInt8) throws(JSONFault) {
        guard take(bytes, &index, byte) else {
            throw JSONFault(index < bytes.count ? .syntax : .truncated, at: index)
        }
    }
}

/// Finds a second member of one name: by looking in small objects, by a table in large ones, so that an object with a
/// million members costs linear time.
private struct MemberNames {
    /// A name as bytes: `String` would call two spellings of one accented letter equal.
    private struct Name: Hashable {
        let bytes: String.UTF8View

        static func == (left: Name, right: Name) -> Bool { left.bytes.elementsEqual(right.bytes) }

        func hash(into hasher: inout Hasher) {
            for byte in bytes { hasher.combine(byte) }
        }
    }

    private static let small = 8
    private var table: Set<Name> = []

    mutating func admit(_ name: String, among members: [JSONObject.Member]) -> Bool {
        if members.count < Self.small {
            return !members.contains { $0.name.utf8.elementsEqual(name.utf8) }
        }
        if table.isEmpty { for member in members { table.insert(Name(bytes: member.name.utf8)) } }
        return table.insert(Name(bytes: name.utf8)).inserted
    }
}
