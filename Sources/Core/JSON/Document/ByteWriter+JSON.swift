/// Documents composed byte by byte. Commas take care of themselves: before a name or an element one is written unless
/// the container has just begun.
extension ByteWriter {
    /// The byte written last, or 0.
    @inline(__always)
    var last: UInt8 { withBytes { $0.isEmpty ? 0 : $0[$0.count - 1] } }

    /// Makes ready for an element of an array.
    @inline(__always)
    public mutating func element() {
        switch last {
        case UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: ":"), 0x20, 0: break
        default: writeByte(UInt8(ascii: ","))
        }
    }

    /// Writes a member's name, which needs no escapes.
    @inline(__always)
    public mutating func name(_ name: StaticString) {
        element()
        writeByte(UInt8(ascii: "\""))
        writeStaticString(name)
        writeStaticString("\":")
    }

    /// Writes any member's name.
    public mutating func name(_ name: String) {
        element()
        json(name)
        writeByte(UInt8(ascii: ":"))
    }

    // MARK: Values

    public mutating func json(_ text: JSONText) {
        writeByte(UInt8(ascii: "\""))
        text.writeContent(to: &self)
        writeByte(UInt8(ascii: "\""))
    }

    public mutating func json(_ string: String) {
        writeByte(UInt8(ascii: "\""))
        writeEscaped(string)
        writeByte(UInt8(ascii: "\""))
    }

    /// A string that needs no escapes.
    public mutating func json(_ literal: StaticString) {
        writeByte(UInt8(ascii: "\""))
        writeStaticString(literal)
        writeByte(UInt8(ascii: "\""))
    }

    public mutating func json(_ number: Int) { writeDecimal(number) }

    public mutating func json(_ bool: Bool) { writeStaticString(bool ? "true" : "false") }

    public mutating func null() { writeStaticString("null") }

    /// A value as its own document spells it, white space and all.
    public mutating func json(_ slice: JSONSlice) {
        let node = slice.node
        let source = slice.document.bytes
        let bytes = source.span.extracting(Int(node.start)..<Int(node.end))
        if node.hasNumberedEscapes { JSONText.writeRenumbered(bytes, to: &self) } else { writeSpan(bytes) }
    }

    public mutating func json(_ value: JSONValue) {
        var bytes: [UInt8] = []
        JSONWriter.append(value, to: &bytes)
        writeBytes(bytes)
    }

    /// A value as the text of a string, white space between its tokens left out.
    public mutating func jsonText(of slice: JSONSlice) {
        var compact = ByteWriter(capacity: slice.byteCount + 64)
        compact.json(slice)
        writeByte(UInt8(ascii: "\""))
        compact.withBytes { writeEmbedded($0) }
        writeByte(UInt8(ascii: "\""))
    }

    private mutating func writeEmbedded(_ bytes: Span<UInt8>) {
        var isInString = false
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            index &+= 1
            switch byte {
            case UInt8(ascii: "\""):
                isInString.toggle()
                writeStaticString("\\\"")
            case UInt8(ascii: "\\"):
                // Only strings have backslashes, and what follows one is not what it looks like.
                writeStaticString("\\\\")
                guard index < bytes.count else { return }
                writeEscaped(byte: bytes[index])
                index &+= 1
            case 0x20, 0x0a, 0x0d, 0x09:
                if isInString { writeByte(byte) }
            default: writeByte(byte)
            }
        }
    }

    // MARK: Escapes

    mutating func writeEscaped(_ string: String) {
        var string = string
        string.withUTF8 { bytes in
            reserve(bytes.count)
            for byte in bytes { writeEscaped(byte: byte) }
        }
    }

    mutating func writeEscaped(_ scalar: Unicode.Scalar) {
        for byte in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter { writeEscaped(byte: byte) }
    }

    @inline(__always)
    private mutating func writeEscaped(byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"):
            writeByte(UInt8(ascii: "\\"))
            writeByte(byte)
        case 0x0a: writeStaticString("\\n")
        case 0x0d: writeStaticString("\\r")
        case 0x09: writeStaticString("\\t")
        case ..<0x20, 0x7f:
            writeStaticString("\\u00")
            writeByte(Hex.digit(byte >> 4))
            writeByte(Hex.digit(byte & 0xf))
        default: writeByte(byte)
        }
    }
}
