import OstiaryCore

// Writing field blocks (RFC 7541 section 6). Nothing is put into the peer's dynamic table and nothing is Huffman coded:
// the gate's heads are short, and without a table there is no state that two sides could disagree about.
extension ByteWriter {
    /// Writes `:status`.
    mutating func writeFieldStatus(_ status: Int) {
        switch status {
        case 200: writeByte(0x88)
        case 204: writeByte(0x89)
        case 206: writeByte(0x8a)
        case 304: writeByte(0x8b)
        case 400: writeByte(0x8c)
        case 404: writeByte(0x8d)
        case 500: writeByte(0x8e)
        default:
            writeByte(0x08)
            writeByte(3)
            writeDecimal(status)
        }
    }

    /// Writes `:method`.
    mutating func writeFieldMethod(_ method: Span<UInt8>) {
        if Self.isSame(method, "GET") { return writeByte(0x82) }
        if Self.isSame(method, "POST") { return writeByte(0x83) }
        writeField(indexedName: 2, value: method)
    }

    /// Writes `:scheme` for TLS.
    mutating func writeFieldSecureScheme() { writeByte(0x87) }

    /// Writes `:authority` and `:path`.
    mutating func writeFieldTarget(authority: Span<UInt8>, path: Span<UInt8>) {
        writeField(indexedName: 1, value: authority)
        writeField(indexedName: 4, value: path)
    }

    private static func isSame(_ bytes: Span<UInt8>, _ text: StaticString) -> Bool {
        guard bytes.count == text.utf8CodeUnitCount else { return false }
        for index in bytes.indices where bytes[index] != text.utf8Start[index] { return false }
        return true
    }

    /// Writes `content-length`.
    mutating func writeFieldLength(_ length: Int) {
        writeFieldInteger(28, prefix: 4, flags: 0)
        var digits = 1
        var bound = length
        while bound >= 10 {
            bound /= 10
            digits += 1
        }
        writeByte(UInt8(truncatingIfNeeded: digits))
        writeDecimal(length)
    }

    /// Writes a literal field with a name of the static table.
    /// - Parameter isSecret: whether nobody on the way may ever put it into a table (RFC 7541 section 7.1.3).
    mutating func writeField(indexedName: Int, value: Span<UInt8>, isSecret: Bool = false) {
        writeFieldInteger(indexedName, prefix: 4, flags: isSecret ? 0x10 : 0)
        writeFieldInteger(value.count, prefix: 7, flags: 0)
        writeSpan(value)
    }

    /// Writes `name: value CRLF` lines as fields, the names in lower case.
    mutating func writeFields(ofLines lines: Span<UInt8>) {
        var start = 0
        while let line = Self.line(in: lines, from: start) {
            start = line.end
            writeField(lines.extracting(line.name), lines.extracting(line.value))
        }
    }

    private mutating func writeField(_ name: Span<UInt8>, _ value: Span<UInt8>) {
        let index = StaticTable.shared.index(ofName: name)
        guard index == 0 else {
            return writeField(indexedName: index, value: value, isSecret: Self.secretNames.contains(index))
        }
        writeByte(Self.isSame(name, FieldName.apiKey.text) ? 0x10 : 0)
        writeFieldInteger(name.count, prefix: 7, flags: 0)
        for index in name.indices { writeByte(lowerCased(name[index])) }
        writeFieldInteger(value.count, prefix: 7, flags: 0)
        writeSpan(value)
    }

    /// `authorization`, `cookie`, `proxy-authorization` and `set-cookie`.
    private static let secretNames = [23, 32, 49, 55]

    private mutating func writeFieldInteger(_ value: Int, prefix: Int, flags: UInt8) {
        let mask = (1 << prefix) - 1
        guard value >= mask else {
            writeByte(flags | UInt8(truncatingIfNeeded: value))
            return
        }
        writeByte(flags | UInt8(truncatingIfNeeded: mask))
        var rest = value - mask
        while rest >= 0x80 {
            writeByte(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        writeByte(UInt8(truncatingIfNeeded: rest))
    }

    /// The line that begins at `start`; `nil` behind the last one.
    private static func line(
        in bytes: Span<UInt8>,
        from start: Int
    ) -> (name: Range<Int>, value: Range<Int>, end: Int)? {
        var colon = start
        while colon < bytes.count, bytes[colon] != UInt8(ascii: ":") { colon += 1 }
        let end = OctetClass.endOfFieldValue(bytes, from: colon, to: bytes.count)
        guard colon < bytes.count, end + 1 < bytes.count, bytes[end] == 0x0d, bytes[end + 1] == 0x0a else { return nil }
        var low = colon + 1
        var high = end
        while low < high, isBlank(bytes[low]) { low += 1 }
        while high > low, isBlank(bytes[high - 1]) { high -= 1 }
        return (start..<colon, low..<high, end + 2)
    }
}
