extension JSONReader {
    /// Reads a string; `index` stands on the opening quote, afterwards behind the closing one.
    static func readString(_ bytes: Span<UInt8>, _ index: inout Int) throws(JSONFault) -> String {
        index += 1
        let start = index
        skipPlain(bytes, &index)
        if index < bytes.count, bytes[index] == UInt8(ascii: "\"") {
            index += 1
            return try validated(bytes.extracting(start..<index - 1), at: start)
        }
        return try readEscapedString(bytes, &index, from: start)
    }

    /// The slow way, for strings with a backslash; `start` is the first byte behind the quote.
    private static func readEscapedString(
        _ bytes: Span<UInt8>,
        _ index: inout Int,
        from start: Int
    ) throws(JSONFault) -> String {
        var unescaped: [UInt8] = []
        var copied = start
        while true {
            skipPlain(bytes, &index)
            guard index < bytes.count else { throw JSONFault(.truncated, at: index) }
            let byte = bytes[index]
            guard byte >= 0x20 else { throw JSONFault(.syntax, at: index) }
            let plain = bytes.extracting(copied..<index)
            unescaped.reserveCapacity(unescaped.count + plain.count + 8)
            for position in plain.indices { unescaped.append(plain[position]) }
            if byte == UInt8(ascii: "\"") {
                index += 1
                return try validated(unescaped.span, at: start)
            }
            try readEscape(bytes, &index, into: &unescaped)
            copied = index
        }
    }

    /// Reads one escape sequence; `index` stands on the backslash.
    private static func readEscape(
        _ bytes: Span<UInt8>,
        _ index: inout Int,
        into text: inout [UInt8]
    ) throws(JSONFault) {
        let start = index
        guard index + 1 < bytes.count else { throw JSONFault(.truncated, at: bytes.count) }
        let letter = bytes[index + 1]
        index += 2
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(letter)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0c)
        case UInt8(ascii: "n"): text.append(0x0a)
        case UInt8(ascii: "r"): text.append(0x0d)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            var scalar = try readHexUnit(bytes, &index)
            if scalar & 0xf800 == 0xd800 {
                guard scalar < 0xdc00, index + 1 < bytes.count, bytes[index] == UInt8(ascii: "\\"),
                    bytes[index + 1] == UInt8(ascii: "u")
                else { throw JSONFault(.loneSurrogate, at: start) }
                index += 2
                let low = try readHexUnit(bytes, &index)
                guard low & 0xfc00 == 0xdc00 else { throw JSONFault(.loneSurrogate, at: start) }
                scalar = 0x10000 + (scalar & 0x3ff) << 10 + (low & 0x3ff)
            }
            guard let character = Unicode.Scalar(scalar) else { throw JSONFault(.loneSurrogate, at: start) }
            if let encoded = UTF8.encode(character) { text.append(contentsOf: encoded) }
        default: throw JSONFault(.syntax, at: start)
        }
    }

    private static func readHexUnit(_ bytes: Span<UInt8>, _ index: inout Int) throws(JSONFault) -> UInt32 {
        var unit: UInt32 = 0
        for _ in 0..<4 {
            guard index < bytes.count else { throw JSONFault(.truncated, at: index) }
            guard let digit = Hex.value(of: bytes[index]) else { throw JSONFault(.syntax, at: index) }
            unit = unit << 4 | UInt32(digit)
            index += 1
        }
        return unit
    }

    private static func validated(_ bytes: Span<UInt8>, at offset: Int) throws(JSONFault) -> String {
        do {
            return String(copying: try UTF8Span(validating: bytes))
        } catch {
            throw JSONFault(.encoding, at: offset + error.byteOffsets.lowerBound)
        }
    }

    /// Moves `index` to the next quote, backslash or control character, or to the end.
    private static func skipPlain(_ bytes: Span<UInt8>, _ index: inout Int) {
        while index < bytes.count {
            if index + 8 <= bytes.count {
                let word = UInt64(
                    littleEndian: bytes.bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self)
                )
                let hits = special(word)
                if hits == 0 {
                    index += 8
                    continue
                }
                index += hits.trailingZeroBitCount >> 3
            }
            switch bytes[index] {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), ..<0x20: return
            default: index += 1
            }
        }
    }

    /// Bit 7 set in each byte of `word` that is a quote, a backslash or a control character. Only the lowest set bit is
    /// exact, since the subtractions borrow upwards.
    @inline(__always)
    private static func special(_ word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highs: UInt64 = 0x8080_8080_8080_8080
        let quote = word ^ (ones &* 0x22)
        let backslash = word ^ (ones &* 0x5c)
        let quotes = (quote &- ones) & ~quote
        let backslashes = (backslash &- ones) & ~backslash
        let controls = (word &- (ones &* 0x20)) & ~word
        return (quotes | backslashes | controls) & highs
    }
}
