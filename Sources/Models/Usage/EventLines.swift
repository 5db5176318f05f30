/// Splits a stream of server-sent events into lines and finds the data in them, without keeping any of it.
///
/// Lines end in LF, CR or CRLF, wherever the stream was cut. Fields other than `data` are passed over.
struct EventLines: Sendable {
    enum Line {
        /// A part of a data line's value, as a range of the piece.
        case data(Range<Int>)
        case endOfDataLine
        /// A line passed `UsageReader.longestLine`; the rest of it is passed over.
        case tooLong
        case endOfEvent
    }

    private enum State: UInt8 {
        /// In the field's name, `matched` bytes of which agree with `data:`.
        case name
        /// Behind the colon, where one space is not part of the value.
        case space
        case value
        case skip
    }

    private static let field: InlineArray<5, UInt8> = [0x64, 0x61, 0x74, 0x61, 0x3a]

    private var state = State.name
    private var matched = 0
    private var length = 0
    private var afterReturn = false

    /// The next thing in the piece from `index` on, which moves behind it; `nil` at the piece's end.
    @inline(__always)
    mutating func next(in bytes: Span<UInt8>, from index: inout Int) -> Line? {
        while index < bytes.count {
            let byte = bytes[index]
            if byte == 0x0a || byte == 0x0d {
                index += 1
                let continues = byte == 0x0a && afterReturn
                afterReturn = byte == 0x0d
                if continues { continue }
                let ended = state
                let isEmpty = length == 0
                state = .name
                matched = 0
                length = 0
                if isEmpty { return .endOfEvent }
                if ended == .value || ended == .space { return .endOfDataLine }
                continue
            }
            afterReturn = false
            switch state {
            case .name:
                length += 1
                index += 1
                if byte == Self.field[matched] {
                    matched += 1
                    if matched == Self.field.count { state = .space }
                } else {
                    state = .skip
                }
            case .space:
                state = .value
                if byte == 0x20 {
                    length += 1
                    index += 1
                }
            case .value, .skip:
                let start = index
                index = Self.endOfLine(bytes, start)
                length += index - start
                if state == .value {
                    guard length <= UsageReader.longestLine else {
                        state = .skip
                        return .tooLong
                    }
                    return .data(start..<index)
                }
            }
        }
        return nil
    }

    /// The first CR or LF from `start` on, or the end.
    @inline(__always)
    private static func endOfLine(_ bytes: Span<UInt8>, _ start: Int) -> Int {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let raw = bytes.bytes
        var index = start
        while index &+ 8 <= bytes.count {
            let word = UInt64(littleEndian: raw.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self))
            let feeds = word ^ (ones &* 0x0a)
            let returns = word ^ (ones &* 0x0d)
            let hit = (((feeds &- ones) & ~feeds) | ((returns &- ones) & ~returns)) & (ones &* 0x80)
            // Only the lowest set bit is exact.
            if hit != 0 { return index &+ (hit.trailingZeroBitCount &>> 3) }
            index &+= 8
        }
        while index < bytes.count && bytes[index] != 0x0a && bytes[index] != 0x0d { index &+= 1 }
        return index
    }
}
