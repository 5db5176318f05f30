/// Finds where a message head ends, without reading any byte twice however slowly the bytes come.
struct HeadEnd: Sendable {
    // Everything before this has been looked at.
    private var scanned = 0
    /// The index behind the first line, once it has come.
    private(set) var firstLine: Int?

    /// The index behind the empty line, or `nil` while it has not come.
    /// - Parameter bytes: all bytes of the head so far, from its first.
    /// - Throws: `.malformed` for a line feed without a carriage return (RFC 9112 section 2.2).
    mutating func find(_ bytes: Span<UInt8>) throws(HeadFault) -> Int? {
        var index = scanned
        while true {
            index = nextLineFeed(bytes, from: index)
            guard index < bytes.count else { break }
            guard index > 0, bytes[index - 1] == 0x0d else { throw .malformed("a line ends without CR") }
            if index >= 3, bytes[index - 2] == 0x0a, bytes[index - 3] == 0x0d {
                reset()
                return index + 1
            }
            index += 1
            if firstLine == nil { firstLine = index }
        }
        scanned = bytes.count
        return nil
    }

    mutating func reset() {
        scanned = 0
        firstLine = nil
    }

    /// Whether nothing of the next head has been looked at.
    var isFresh: Bool { scanned == 0 }

    private func nextLineFeed(_ bytes: Span<UInt8>, from start: Int) -> Int {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highs: UInt64 = 0x8080_8080_8080_8080
        var index = start
        let raw = bytes.bytes
        while index + 8 <= bytes.count {
            let word = UInt64(littleEndian: raw.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self))
            let difference = word ^ (ones &* 0x0a)
            let hit = (difference &- ones) & ~difference & highs
            if hit != 0 { return index + hit.trailingZeroBitCount >> 3 }
            index += 8
        }
        while index < bytes.count, bytes[index] != 0x0a { index += 1 }
        return index
    }
}
