/// The field lines of one head as ranges into its bytes, in order, with the known names marked.
struct FieldLines: Sendable {
    struct Line: Sendable {
        let name: FieldName
        let nameStart: UInt32
        let nameEnd: UInt32
        let valueStart: UInt32
        let valueEnd: UInt32

        var value: Range<Int> { Int(valueStart)..<Int(valueEnd) }
        var nameRange: Range<Int> { Int(nameStart)..<Int(nameEnd) }
    }

    private(set) var lines: [Line] = []
    // One bit a known name: set when the head has the field.
    private var present: UInt64 = 0

    mutating func removeAll() {
        lines.removeAll(keepingCapacity: true)
        present = 0
    }

    mutating func append(_ line: Line) {
        lines.append(line)
        present |= 1 << UInt64(line.name.rawValue)
    }

    func has(_ name: FieldName) -> Bool {
        present >> UInt64(name.rawValue) & 1 == 1
    }

    /// The value of the first line with this name.
    func first(_ name: FieldName) -> Range<Int>? {
        guard has(name) else { return nil }
        return lines.first { $0.name == name }?.value
    }

    /// Whether more than one line has this name.
    func isRepeated(_ name: FieldName) -> Bool {
        has(name) && lines.count { $0.name == name } > 1
    }

    /// Reads field lines from `start` up to the empty line, whose end it returns.
    ///
    /// Strict by RFC 9112 section 5: no space before the colon, no folding, CRLF only, no control characters.
    /// - Parameters:
    ///   - end: where the head ends, behind the empty line; the bytes before it are CRLF-terminated lines.
    mutating func read(_ bytes: Span<UInt8>, from start: Int, to end: Int, limit: Int) throws(HeadFault) {
        let token = OctetClass.token
        let table = FieldNameTable.shared
        lines.reserveCapacity(16)
        var index = start
        while index + 2 < end {
            guard lines.count < limit else { throw .tooManyFields }
            let nameStart = index
            while index < end, token.contains(bytes[index]) { index += 1 }
            let nameEnd = index
            guard nameEnd > nameStart else { throw .malformed("a field line has no name") }
            guard index < end, bytes[index] == UInt8(ascii: ":") else {
                throw .malformed("a field name is not followed by a colon")
            }
            index += 1
            while index < end, isBlank(bytes[index]) { index += 1 }
            let valueStart = index
            index = OctetClass.endOfFieldValue(bytes, from: index, to: end)
            guard index + 1 < end, bytes[index] == 0x0d, bytes[index + 1] == 0x0a else {
                throw .malformed("a field value holds a control character")
            }
            var valueEnd = index
            while valueEnd > valueStart, isBlank(bytes[valueEnd - 1]) { valueEnd -= 1 }
            index += 2
            let name = table.find(bytes, nameStart..<nameEnd)
            if name.isSingular, has(name) { throw .malformed("a field that may occur once occurs twice") }
            append(
                Line(
                    name: name,
                    nameStart: UInt32(nameStart),
                    nameEnd: UInt32(nameEnd),
                    valueStart: UInt32(valueStart),
                    valueEnd: UInt32(valueEnd)
                )
            )
        }
    }
}

@inline(__always)
func isBlank(_ octet: UInt8) -> Bool {
    octet == 0x20 || octet == 0x09
}
