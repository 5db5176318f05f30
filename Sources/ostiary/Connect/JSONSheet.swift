import OstiaryCore

/// A JSON document that people keep by hand: members are set and removed in its bytes, and everything else (order,
/// indentation, line ends, the spelling of numbers) stays as it was.
struct JSONSheet {
    /// A document that is JSON, and still not one that members can be set in.
    struct Misfit: Error, Hashable {
        /// The path of what is there instead of an object.
        let path: [String]
    }

    private struct Member {
        let name: String
        let start: Int
        let value: Range<Int>
    }

    private struct Object {
        /// The place of the opening brace.
        let open: Int
        let close: Int
        var members: [Member] = []
    }

    private(set) var bytes: [UInt8]

    /// - Throws: what is wrong with the document, which must be an object.
    init(_ bytes: [UInt8]) throws(JSONFault) {
        let value = try JSONReader.read(bytes)
        guard value.object != nil else {
            throw JSONFault(.syntax, at: bytes.firstIndex { !Self.isSpace($0) } ?? 0)
        }
        self.bytes = bytes
    }

    /// A document without a member.
    init() {
        bytes = Array("{}\n".utf8)
    }

    /// The whole document.
    var root: JSONValue { (try? JSONReader.read(bytes)) ?? .null }

    /// The value at a path of member names; `nil` where there is none.
    func value(at path: [String]) -> JSONValue? {
        path.reduce(root) { value, name in value?.object?[name] }
    }

    /// Puts `value` where the path leads, and objects on the way there that are missing.
    /// - Throws: where something else than an object is in the way.
    mutating func set(_ path: [String], _ value: JSONValue) throws(Misfit) {
        var object = object(at: rootStart)
        for (depth, name) in path.enumerated() {
            let rest = path[(depth + 1)...]
            guard let member = object.members.first(where: { $0.name.hasSameBytes(as: name) }) else {
                let whole = rest.reversed().reduce(value) { .object(JSONObject(members: [.init(name: $1, value: $0)])) }
                return insert(name, whole, into: object)
            }
            if rest.isEmpty {
                let indent = indentation(of: member.start)
                return bytes.replaceSubrange(member.value, with: render(value, indent, isSpread: isSpread(object)))
            }
            guard bytes[member.value.lowerBound] == UInt8(ascii: "{") else {
                throw Misfit(path: Array(path[...depth]))
            }
            object = self.object(at: member.value.lowerBound)
        }
    }

    /// Takes the member at a path out; nothing where there is none.
    mutating func remove(_ path: [String]) {
        var object = object(at: rootStart)
        for (depth, name) in path.enumerated() {
            guard let index = object.members.firstIndex(where: { $0.name.hasSameBytes(as: name) }) else { return }
            let member = object.members[index]
            if depth == path.count - 1 {
                let range: Range<Int>
                if object.members.count == 1 {
                    range = object.open + 1..<object.close
                } else if index == object.members.count - 1 {
                    range = object.members[index - 1].value.upperBound..<member.value.upperBound
                } else {
                    range = member.start..<object.members[index + 1].start
                }
                return bytes.removeSubrange(range)
            }
            guard bytes[member.value.lowerBound] == UInt8(ascii: "{") else { return }
            object = self.object(at: member.value.lowerBound)
        }
    }

    // MARK: Writing

    private mutating func insert(_ name: String, _ value: JSONValue, into object: Object) {
        guard let first = object.members.first, let last = object.members.last else {
            // An empty object is opened over several lines, unless the document stands on one line that holds more.
            let outer = indentation(of: object.open)
            let isSpread = object.open == rootStart || isSpread(self.object(at: rootStart))
            let line = isSpread ? lineEnd + outer + unit : []
            let text = line + render(name, value, outer + unit, isSpread) + (isSpread ? lineEnd + outer : [])
            return bytes.replaceSubrange(object.open + 1..<object.close, with: text)
        }
        let isSpread = isSpread(object)
        let indent = isSpread ? indentation(of: first.start) : []
        let gap = isSpread ? lineEnd + indent : isAiry(first) ? [0x20] : []
        bytes.insert(
            contentsOf: [UInt8(ascii: ",")] + gap + render(name, value, indent, isSpread, isAiry: isAiry(first)),
            at: last.value.upperBound
        )
    }

    private func render(
        _ name: String,
        _ value: JSONValue,
        _ indent: [UInt8],
        _ isSpread: Bool,
        isAiry: Bool = true
    ) -> [UInt8] {
        JSONWriter.write(.string(name)) + Array(isAiry ? ": ".utf8 : ":".utf8)
            + render(value, indent, isSpread: isSpread)
    }

    private func render(_ value: JSONValue, _ indent: [UInt8], isSpread: Bool) -> [UInt8] {
        guard isSpread, case .object(let object) = value, !object.members.isEmpty else {
            return JSONWriter.write(value)
        }
        var text: [UInt8] = [UInt8(ascii: "{")]
        for (index, member) in object.members.enumerated() {
            text += (index == 0 ? [] : [UInt8(ascii: ",")]) + lineEnd + indent + unit
            text += render(member.name, member.value, indent + unit, true)
        }
        return text + lineEnd + indent + [UInt8(ascii: "}")]
    }

    // MARK: How the document is laid out

    private var rootStart: Int { bytes.firstIndex(of: UInt8(ascii: "{")) ?? 0 }

    private var lineEnd: [UInt8] {
        guard let index = bytes.firstIndex(of: 0x0a), index > 0, bytes[index - 1] == 0x0d else { return [0x0a] }
        return [0x0d, 0x0a]
    }

    /// One step of indentation: the document's first, or two spaces.
    private var unit: [UInt8] {
        let root = object(at: rootStart)
        guard let first = root.members.first, isSpread(root) else { return [0x20, 0x20] }
        let step = indentation(of: first.start)
        return step.isEmpty ? [0x20, 0x20] : step
    }

    /// Whether an object's members stand on lines of their own.
    private func isSpread(_ object: Object) -> Bool {
        guard let first = object.members.first else { return bytes[object.open..<object.close].contains(0x0a) }
        return bytes[object.open..<first.start].contains(0x0a)
    }

    private func isAiry(_ member: Member) -> Bool {
        bytes[member.start..<member.value.lowerBound].last == 0x20
    }

    /// The white space that the line of `index` begins with.
    private func indentation(of index: Int) -> [UInt8] {
        let start = bytes[..<index].lastIndex(of: 0x0a).map { $0 + 1 } ?? 0
        return Array(bytes[start..<index].prefix { $0 == 0x20 || $0 == 0x09 })
    }

    // MARK: Reading what was found to be JSON

    private func object(at open: Int) -> Object {
        var index = open + 1
        var members: [Member] = []
        while true {
            skipSpace(&index)
            if index < bytes.count, bytes[index] == UInt8(ascii: ",") {
                index += 1
                skipSpace(&index)
            }
            guard index < bytes.count, bytes[index] == UInt8(ascii: "\"") else { break }
            let start = index
            skipValue(&index)
            let name = (try? JSONReader.read(Array(bytes[start..<index])))?.string ?? ""
            skipSpace(&index)
            index += 1
            skipSpace(&index)
            let value = index
            skipValue(&index)
            members.append(Member(name: name, start: start, value: value..<index))
        }
        return Object(open: open, close: min(index, bytes.count), members: members)
    }

    private func skipSpace(_ index: inout Int) {
        while index < bytes.count, Self.isSpace(bytes[index]) { index += 1 }
    }

    private func skipValue(_ index: inout Int) {
        var depth = 0
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "\""):
                index += 1
                while index < bytes.count, bytes[index] != UInt8(ascii: "\"") {
                    index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1
                }
                index += 1
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                index += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                guard depth > 0 else { return }
                depth -= 1
                index += 1
            case UInt8(ascii: ","), UInt8(ascii: ":"), 0x20, 0x09, 0x0a, 0x0d:
                guard depth > 0 else { return }
                index += 1
                continue
            default:
                while index < bytes.count, !Self.endsWord(bytes[index]) { index += 1 }
            }
            if depth == 0 { return }
        }
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0a || byte == 0x0d
    }

    private static func endsWord(_ byte: UInt8) -> Bool {
        isSpace(byte) || [UInt8(ascii: ","), UInt8(ascii: "}"), UInt8(ascii: "]")].contains(byte)
    }
}

extension JSONFault {
    /// Where in the document it was seen, both from 1.
    func place(in bytes: [UInt8]) -> (line: Int, column: Int) {
        let before = bytes.prefix(offset)
        let start = before.lastIndex(of: 0x0a).map { $0 + 1 } ?? 0
        return (
            before.count { $0 == 0x0a } + 1, String(decoding: before[start...], as: UTF8.self).unicodeScalars.count + 1
        )
    }

    /// What is wrong, in words.
    var sentence: String {
        switch reason {
        case .syntax: "this is not JSON"
        case .truncated: "the JSON ends before it is complete"
        case .trailing: "more follows behind the JSON"
        case .depth: "the JSON is nested too deeply"
        case .tooMany: "the JSON has too many values"
        case .duplicateMember: "two members have one name"
        case .encoding: "this is not UTF-8 without a byte order mark"
        case .loneSurrogate: "half of a character is escaped"
        }
    }
}
