// Strings, eight bytes at a time.
extension MemberScanner {
    /// Bit 7 set in each byte of `word` that is `"`, `\`, a control character or not ASCII. Only the lowest set bit is
    /// exact.
    @inline(__always)
    static func special(_ word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highs: UInt64 = 0x8080_8080_8080_8080
        let quotes = word ^ (ones &* 0x22)
        let backslashes = word ^ (ones &* 0x5c)
        let hits =
            ((quotes &- ones) & ~quotes) | ((backslashes &- ones) & ~backslashes) | ((word &- (ones &* 0x20)) & ~word)
        return (hits | word) & highs
    }

    /// Whether none of the 32 bytes from `index` on is special: four words at once, which vector instructions do.
    @inline(__always)
    static func isPlain(_ bytes: RawSpan, _ index: Int) -> Bool {
        var hits: UInt64 = 0
        for word in 0..<4 {
            hits |= special(
                UInt64(
                    littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: index &+ word &* 8, as: UInt64.self)
                )
            )
        }
        return hits == 0
    }

    @inline(__always)
    mutating func scanString(_ bytes: Span<UInt8>, _ index: inout Int) throws(ScanError) {
        let count = bytes.count
        let raw = bytes.bytes
        let run = index
        if due > 0 { try continueCharacter(bytes, &index) }
        while true {
            while index &+ 32 <= count, Self.isPlain(raw, index) { index &+= 32 }
            while index &+ 8 <= count {
                let word = UInt64(
                    littleEndian: raw.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self)
                )
                let hit = Self.special(word)
                if hit == 0 {
                    index &+= 8
                    continue
                }
                index &+= hit.trailingZeroBitCount &>> 3
                break
            }
            guard index < count else {
                keepRun(bytes, run..<count)
                return
            }
            let byte = bytes[index]
            if byte == UInt8(ascii: "\"") {
                // Most names are here whole and without escapes: looked up where they stand.
                if capture == .name, nameCount == 0 {
                    capture = .nothing
                    state = .colon
                    let name = run..<index
                    index &+= 1
                    return try matchName(bytes.extracting(name), index)
                }
                keepRun(bytes, run..<index)
                index &+= 1
                try endString(bytes, index)
                return
            }
            if byte == UInt8(ascii: "\\") {
                keepRun(bytes, run..<index)
                index &+= 1
                state = .escape
                return
            }
            if byte < 0x20 { throw ScanError(.malformed, at: base + index) }
            if byte < 0x80 {
                index &+= 1
                continue
            }
            repeat {
                if Self.isThreeBytes(bytes, index) {
                    index &+= 3
                    continue
                }
                try beginCharacter(bytes[index], index)
                index &+= 1
                try continueCharacter(bytes, &index)
            } while index < count && bytes[index] >= 0x80
        }
    }

    /// Whether a three-byte sequence stands here whose first byte allows any others: most of the world's writing.
    @inline(__always)
    static func isThreeBytes(_ bytes: Span<UInt8>, _ index: Int) -> Bool {
        let first = bytes[index]
        guard index &+ 2 < bytes.count, first > 0xe0, first < 0xf0, first != 0xed else { return false }
        return bytes[index &+ 1] & 0xc0 == 0x80 && bytes[index &+ 2] & 0xc0 == 0x80
    }

    /// The first byte of a UTF-8 sequence (RFC 3629 section 4).
    @inline(__always)
    mutating func beginCharacter(_ byte: UInt8, _ index: Int) throws(ScanError) {
        lowest = 0x80
        highest = 0xbf
        switch byte {
        case 0xc2...0xdf:
            due = 1
        case 0xe0:
            due = 2
            lowest = 0xa0
        case 0xed:
            due = 2
            highest = 0x9f
        case 0xe1...0xef:
            due = 2
        case 0xf0:
            due = 3
            lowest = 0x90
        case 0xf1...0xf3:
            due = 3
        case 0xf4:
            due = 3
            highest = 0x8f
        default:
            throw ScanError(.invalidUTF8, at: base + index)
        }
    }

    @inline(__always)
    mutating func continueCharacter(_ bytes: Span<UInt8>, _ index: inout Int) throws(ScanError) {
        while due > 0 && index < bytes.count {
            let byte = bytes[index]
            guard byte >= lowest && byte <= highest else { throw ScanError(.invalidUTF8, at: base + index) }
            lowest = 0x80
            highest = 0xbf
            due &-= 1
            index &+= 1
        }
    }

    @inline(__always)
    mutating func endString(_ bytes: Span<UInt8>, _ index: Int) throws(ScanError) {
        guard isName else {
            capture = .nothing
            endValue(bytes, index)
            return
        }
        state = .colon
        if capture == .name {
            capture = .nothing
            // A copy, as matching changes the scanner the name lies in; only names in pieces or with escapes come here.
            let name = Array(name[..<nameCount])
            try matchName(name.span, index)
        }
    }

    mutating func matchName(_ name: Span<UInt8>, _ index: Int) throws(ScanError) {
        guard name.count <= paths.longestName else { return }
        switch paths.match(name, in: place) {
        case .none:
            break
        case .node(let node):
            guard !slots[node].isSeen else { throw ScanError(.duplicate(paths.path(of: node)), at: base + index) }
            slots[node].isSeen = true
            touched.append(node)
            seen += 1
            pending = node
        case .otherCase(let node):
            throw ScanError(.otherCase(paths.path(of: node)), at: base + index)
        }
    }

    @inline(__always)
    mutating func keepRun(_ bytes: Span<UInt8>, _ run: Range<Int>) {
        guard capture != .nothing else { return }
        if capture == .text, texts.count - slots[leaf].text.lowerBound + run.count <= Self.captureLimit {
            bytes.extracting(run).withUnsafeBufferPointer { texts.append(contentsOf: $0) }
        } else {
            for index in run { keep(bytes[index]) }
        }
    }

    /// Keeps a byte of a name or of a wanted text, up to one more than can matter.
    @inline(__always)
    mutating func keep(_ byte: UInt8) {
        switch capture {
        case .nothing: break
        case .name:
            guard nameCount < name.count else { return }
            name[nameCount] = byte
            nameCount += 1
        case .text: if texts.count - slots[leaf].text.lowerBound <= Self.captureLimit { texts.append(byte) }
        }
    }
}
