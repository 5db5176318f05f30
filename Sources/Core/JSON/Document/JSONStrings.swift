/// Strings of a document: passing over them eight bytes at a time, and undoing their escapes.
enum JSONStrings {
    enum Found {
        /// No backslash.
        case plain
        /// Backslashes, but no character by its number.
        case escaped
        /// Characters by their numbers (`\u`).
        case numbered
    }

    /// Checks a string; `index` stands on the opening quote, afterwards behind the closing one.
    @inline(__always)
    static func skip(_ bytes: Span<UInt8>, _ index: inout Int) throws(JSONFault) -> Found {
        index &+= 1
        var found = Found.plain
        let raw = bytes.bytes
        let count = bytes.count
        while true {
            while index &+ 8 <= count {
                let hits = special(
                    UInt64(littleEndian: raw.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self))
                )
                if hits == 0 {
                    index &+= 8
                    continue
                }
                index &+= hits.trailingZeroBitCount &>> 3
                break
            }
            guard index < count else { throw JSONFault(.truncated, at: index) }
            let byte = bytes[index]
            switch byte {
            case UInt8(ascii: "\""):
                index &+= 1
                return found
            case UInt8(ascii: "\\"):
                let isNumbered = try skipEscape(bytes, &index)
                if isNumbered { found = .numbered } else if found == .plain { found = .escaped }
            case ..<0x20:
                throw JSONFault(.syntax, at: index)
            case ..<0x80:
                index &+= 1
            default:
                // Text in one script comes in runs.
                repeat {
                    try skipCharacter(bytes, &index)
                } while index < count && bytes[index] >= 0x80
            }
        }
    }

    /// Whether the escape writes a character by its number; `index` stands on the backslash.
    private static func skipEscape(_ bytes: Span<UInt8>, _ index: inout Int) throws(JSONFault) -> Bool {
        guard index + 1 < bytes.count else { throw JSONFault(.truncated, at: bytes.count) }
        switch bytes[index + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            index += 2
            return false
        case UInt8(ascii: "u"):
            for offset in index + 2..<index + 6 {
                guard offset < bytes.count else { throw JSONFault(.truncated, at: bytes.count) }
                guard Hex.value(of: bytes[offset]) != nil else { throw JSONFault(.syntax, at: index) }
            }
            index += 6
            return true
        default:
            throw JSONFault(.syntax, at: index)
        }
    }

    /// Passes over one character outside of ASCII (RFC 3629 section 4).
    @inline(__always)
    private static func skipCharacter(_ bytes: Span<UInt8>, _ index: inout Int) throws(JSONFault) {
        let first = bytes[index]
        var lowest: UInt8 = 0x80
        var highest: UInt8 = 0xbf
        let due: Int
        switch first {
        case 0xc2...0xdf: due = 1
        case 0xe0:
            due = 2
            lowest = 0xa0
        case 0xed:
            due = 2
            highest = 0x9f
        case 0xe1...0xef: due = 2
        case 0xf0:
            due = 3
            lowest = 0x90
        case 0xf1...0xf3: due = 3
        case 0xf4:
            due = 3
            highest = 0x8f
        default: throw JSONFault(.encoding, at: index)
        }
        guard index &+ due < bytes.count else { throw JSONFault(.encoding, at: index) }
        for offset in 1...due {
            let byte = bytes[index &+ offset]
            guard byte >= lowest, byte <= highest else { throw JSONFault(.encoding, at: index) }
            lowest = 0x80
            highest = 0xbf
        }
        index &+= due &+ 1
    }

    /// Undoes the escapes of a checked string's content, byte by byte. Surrogates that stand alone become U+FFFD.
    static func decode(_ content: Span<UInt8>, _ take: (UInt8) -> Void) {
        var index = 0
        while index < content.count {
            let byte = content[index]
            guard byte == UInt8(ascii: "\\"), index + 1 < content.count else {
                take(byte)
                index += 1
                continue
            }
            let letter = content[index + 1]
            if letter == UInt8(ascii: "u") {
                for unit in UTF8.encode(scalar(content, &index)) ?? UTF8.encodedReplacementCharacter { take(unit) }
                continue
            }
            take(value(ofEscape: letter))
            index += 2
        }
    }

    @inline(__always)
    static func value(ofEscape letter: UInt8) -> UInt8 {
        switch letter {
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0c
        case UInt8(ascii: "n"): 0x0a
        case UInt8(ascii: "r"): 0x0d
        case UInt8(ascii: "t"): 0x09
        default: letter
        }
    }

    /// The character of a numbered escape, or of a pair of them; `index` stands on the backslash, afterwards behind it.
    static func scalar(_ content: Span<UInt8>, _ index: inout Int) -> Unicode.Scalar {
        guard let unit = unit(content, index) else {
            index += 1
            return "\u{fffd}"
        }
        index += 6
        guard unit & 0xf800 == 0xd800 else { return Unicode.Scalar(unit) ?? "\u{fffd}" }
        guard unit < 0xdc00, let low = self.unit(content, index), low & 0xfc00 == 0xdc00 else { return "\u{fffd}" }
        index += 6
        return Unicode.Scalar(0x10000 + (unit & 0x3ff) << 10 + (low & 0x3ff)) ?? "\u{fffd}"
    }

    private static func unit(_ content: Span<UInt8>, _ index: Int) -> UInt32? {
        guard index + 6 <= content.count, content[index] == UInt8(ascii: "\\"), content[index + 1] == UInt8(ascii: "u")
        else { return nil }
        var unit: UInt32 = 0
        for offset in 2..<6 { unit = unit << 4 | UInt32(Hex.value(of: content[index + offset]) ?? 0) }
        return unit
    }

    /// Bit 7 set in each byte of `word` that is `"`, `\`, a control character or not ASCII. Only the lowest set bit is
    /// exact.
    @inline(__always)
    private static func special(_ word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highs: UInt64 = 0x8080_8080_8080_8080
        let quote = word ^ (ones &* 0x22)
        let backslash = word ^ (ones &* 0x5c)
        let hits = ((quote &- ones) & ~quote) | ((backslash &- ones) & ~backslash) | ((word &- (ones &* 0x20)) & ~word)
        return (hits | word) & highs
    }
}
