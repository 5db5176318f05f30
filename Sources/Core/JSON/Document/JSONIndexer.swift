/// The one pass over a document's bytes that checks them and notes where values stand. Objects put their members down
/// as name and value in turn.
struct JSONIndexer {
    typealias Node = JSONDocument.Node

    private(set) var nodes: [Node] = []
    private let limits: JSONDocument.Limits
    private var open: [Int] = []
    private var values = 0

    init(_ limits: JSONDocument.Limits, expecting count: Int) {
        self.limits = limits
        // Requests have a value or a name every twenty bytes or so; more would be given back unused.
        nodes.reserveCapacity(count / 24 + 8)
    }

    mutating func index(_ bytes: Span<UInt8>) throws(JSONFault) {
        if bytes.count >= 3, bytes[0] == 0xef, bytes[1] == 0xbb, bytes[2] == 0xbf { throw JSONFault(.encoding, at: 0) }
        var index = 0
        Self.skipSpace(bytes, &index)
        repeat {
            try readValue(bytes, &index)
        } while try goOn(bytes, &index)
        Self.skipSpace(bytes, &index)
        guard index == bytes.count else { throw JSONFault(.trailing, at: index) }
    }

    /// Reads a scalar, or opens a container and comes to stand on its first value.
    @inline(__always)
    private mutating func readValue(_ bytes: Span<UInt8>, _ index: inout Int) throws(JSONFault) {
        while true {
            guard index < bytes.count else { throw JSONFault(.truncated, at: index) }
            values &+= 1
            guard values <= limits.values else { throw JSONFault(.tooMany, at: index) }
            switch bytes[index] {
            case UInt8(ascii: "\""):
                return try readString(bytes, &index)
            case UInt8(ascii: "{"):
                try enter(.object, &index)
                Self.skipSpace(bytes, &index)
                if index < bytes.count, bytes[index] == UInt8(ascii: "}") { return }
                try readName(bytes, &index)
            case UInt8(ascii: "["):
                try enter(.array, &index)
                Self.skipSpace(bytes, &index)
                if index < bytes.count, bytes[index] == UInt8(ascii: "]") { return }
            case UInt8(ascii: "t"):
                return try readLiteral(bytes, &index, "true", .yes)
            case UInt8(ascii: "f"):
                return try readLiteral(bytes, &index, "false", .no)
            case UInt8(ascii: "n"):
                return try readLiteral(bytes, &index, "null", .null)
            default:
                return try readNumber(bytes, &index)
            }
        }
    }

    private mutating func enter(_ kind: Node.Kind, _ index: inout Int) throws(JSONFault) {
        guard open.count < limits.depth else { throw JSONFault(.depth, at: index) }
        open.append(nodes.count)
        nodes.append(Node(start: UInt32(truncatingIfNeeded: index), end: 0, next: 0, kind: kind))
        index += 1
    }

    /// Closes what ends here and comes to stand on the next value; false when the document's value is complete.
    @inline(__always)
    private mutating func goOn(_ bytes: Span<UInt8>, _ index: inout Int) throws(JSONFault) -> Bool {
        while let top = open.last {
            Self.skipSpace(bytes, &index)
            guard index < bytes.count else { throw JSONFault(.truncated, at: index) }
            let isObject = nodes[top].kind == .object
            let byte = bytes[index]
            if byte == UInt8(ascii: ",") {
                index += 1
                Self.skipSpace(bytes, &index)
                // `[1,]` and `[,1]`: what follows a comma, or precedes one, is a value.
                guard nodes.count > top + 1 else { throw JSONFault(.syntax, at: index - 1) }
                if isObject { try readName(bytes, &index) }
                return true
            }
            guard byte == (isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else {
                throw JSONFault(.syntax, at: index)
            }
            index += 1
            if isObject { try refuseDuplicates(bytes, top) }
            nodes[top].end = UInt32(truncatingIfNeeded: index)
            nodes[top].next = UInt32(truncatingIfNeeded: nodes.count)
            open.removeLast()
            if let above = open.last {
                if nodes[top].hasEscapes { nodes[above].hasEscapes = true }
                if nodes[top].hasNumberedEscapes { nodes[above].hasNumberedEscapes = true }
            }
        }
        return false
    }

    private mutating func readName(_ bytes: Span<UInt8>, _ index: inout Int) throws(JSONFault) {
        guard index < bytes.count else { throw JSONFault(.truncated, at: index) }
        guard bytes[index] == UInt8(ascii: "\"") else { throw JSONFault(.syntax, at: index) }
        try readString(bytes, &index)
        Self.skipSpace(bytes, &index)
        guard index < bytes.count else { throw JSONFault(.truncated, at: index) }
        guard bytes[index] == UInt8(ascii: ":") else { throw JSONFault(.syntax, at: index) }
        index += 1
        Self.skipSpace(bytes, &index)
    }

    /// Reads a string; `index` stands on its quote.
    private mutating func readString(_ bytes: Span<UInt8>, _ index: inout Int) throws(JSONFault) {
        let start = index
        let found = try JSONStrings.skip(bytes, &index)
        append(.string, start, index, found)
        guard found != .plain, let above = open.last else { return }
        nodes[above].hasEscapes = true
        if found == .numbered { nodes[above].hasNumberedEscapes = true }
    }

    private mutating func readLiteral(
        _ bytes: Span<UInt8>,
        _ index: inout Int,
        _ literal: StaticString,
        _ kind: Node.Kind
    ) throws(JSONFault) {
        let start = index
        for offset in 0..<literal.utf8CodeUnitCount {
            guard index < bytes.count else { throw JSONFault(.truncated, at: index) }
            guard bytes[index] == literal.utf8Start[offset] else { throw JSONFault(.syntax, at: start) }
            index += 1
        }
        append(kind, start, index)
    }

    private mutating func readNumber(_ bytes: Span<UInt8>, _ index: inout Int) throws(JSONFault) {
        let start = index
        _ = Self.take(bytes, &index, UInt8(ascii: "-"))
        if !Self.take(bytes, &index, UInt8(ascii: "0")) { try Self.readDigits(bytes, &index) }
        if Self.take(bytes, &index, UInt8(ascii: ".")) { try Self.readDigits(bytes, &index) }
        if Self.take(bytes, &index, UInt8(ascii: "e")) || Self.take(bytes, &index, UInt8(ascii: "E")) {
            if !Self.take(bytes, &index, UInt8(ascii: "+")) { _ = Self.take(bytes, &index, UInt8(ascii: "-")) }
            try Self.readDigits(bytes, &index)
        }
        append(.number, start, index)
    }

    @inline(__always)
    private mutating func append(_ kind: Node.Kind, _ start: Int, _ end: Int, _ found: JSONStrings.Found = .plain) {
        nodes.append(
            Node(
                start: UInt32(truncatingIfNeeded: start),
                end: UInt32(truncatingIfNeeded: end),
                next: UInt32(truncatingIfNeeded: nodes.count &+ 1),
                kind: kind,
                hasEscapes: found != .plain,
                hasNumberedEscapes: found == .numbered
            )
        )
    }

    // MARK: Pieces of the grammar

    @inline(__always)
    private static func skipSpace(_ bytes: Span<UInt8>, _ index: inout Int) {
        while index < bytes.count {
            switch bytes[index] {
            case 0x20, 0x0a, 0x0d, 0x09: index &+= 1
            default: return
            }
        }
    }

    @inline(__always)
    private static func take(_ bytes: Span<UInt8>, _ index: inout Int, _ byte: UInt8) -> Bool {
        guard index < bytes.count, bytes[index] == byte else { return false }
        index &+= 1
        return true
    }

    private static func readDigits(_ bytes: Span<UInt8>, _ index: inout Int) throws(JSONFault) {
        let start = index
        while index < bytes.count, bytes[index] &- UInt8(ascii: "0") < 10 { index &+= 1 }
        if index == start { throw JSONFault(index < bytes.count ? .syntax : .truncated, at: index) }
    }

    // MARK: Members of one name

    private func refuseDuplicates(_ bytes: Span<UInt8>, _ object: Int) throws(JSONFault) {
        var names: [Int] = []
        var hasEscapes = false
        var name = object + 1
        while name < nodes.count {
            if nodes[name].hasEscapes { hasEscapes = true }
            names.append(name)
            name = Int(nodes[name + 1].next)
        }
        guard names.count > 1 else { return }
        if hasEscapes { return try refuseDecoded(bytes, names) }
        guard names.count > 8 else { return try refusePairs(bytes, names) }
        let hash = KeyedHash()
        var hashes: [(UInt64, Int)] = []
        for name in names { hashes.append((hash(bytes.extracting(range(of: name))), name)) }
        hashes.sort { $0 < $1 }
        for (one, other) in zip(hashes, hashes.dropFirst()) where one.0 == other.0 && isSame(bytes, one.1, other.1) {
            throw JSONFault(.duplicateMember, at: Int(nodes[other.1].start))
        }
    }

    private func refusePairs(_ bytes: Span<UInt8>, _ names: [Int]) throws(JSONFault) {
        for later in 1..<names.count {
            for earlier in 0..<later where isSame(bytes, names[earlier], names[later]) {
                throw JSONFault(.duplicateMember, at: Int(nodes[names[later]].start))
            }
        }
    }

    /// The slow way, for names with escapes, which count by what they say.
    private func refuseDecoded(_ bytes: Span<UInt8>, _ names: [Int]) throws(JSONFault) {
        var seen: Set<[UInt8]> = []
        for name in names {
            var decoded: [UInt8] = []
            JSONStrings.decode(bytes.extracting(range(of: name))) { decoded.append($0) }
            guard seen.insert(decoded).inserted else {
                throw JSONFault(.duplicateMember, at: Int(nodes[name].start))
            }
        }
    }

    /// Where a name's content stands.
    private func range(of name: Int) -> Range<Int> {
        Int(nodes[name].start) + 1..<Int(nodes[name].end) - 1
    }

    @inline(__always)
    private func isSame(_ bytes: Span<UInt8>, _ one: Int, _ other: Int) -> Bool {
        let (first, second) = (nodes[one], nodes[other])
        guard first.end - first.start == second.end - second.start else { return false }
        let (left, right) = (Int(first.start), Int(second.start))
        for offset in 1..<Int(first.end - first.start) where bytes[left + offset] != bytes[right + offset] {
            return false
        }
        return true
    }
}
