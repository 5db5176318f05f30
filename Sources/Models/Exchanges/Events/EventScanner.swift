/// Finds where server-sent events end (WHATWG HTML, section 9.2.6), and whether their bytes may pass as they are.
///
/// Plain bytes are those that every reader of events divides in the same way: lines that end in LF or CRLF, the
/// standard's own fields and comments, no NUL. Whatever else there is, a lone CR above all, is read here as the
/// standard says and has to be written anew (SEC-507).
struct EventScanner {
    /// Bytes that one line may have, its end not counted.
    static let longestLine = 1 << 20
    /// Bytes that one event may have, all of it.
    static let longestEvent = 8 << 20

    enum Found {
        /// Something is complete and ends before `end`: an event with fields, or lines that belong to none.
        case event(end: Int, isPlain: Bool, hasFields: Bool)
        case more
        case tooLong(StaticString)
    }

    enum Line {
        case comment, data, other, unknown
    }

    // Counted from the first byte of what is not complete yet.
    private var scanned = 0
    private var lineStart = 0
    private var hasFields = false
    private(set) var isPlain = true

    /// Goes on in `bytes`, in which what is not complete yet begins at `start`.
    mutating func next(in bytes: Span<UInt8>, from start: Int) -> Found {
        var index = start + scanned
        var line = start + lineStart
        while true {
            index = Self.nextControl(bytes, index)
            guard index < bytes.count else { break }
            let end: Int
            switch bytes[index] {
            case 0x0a:
                end = index + 1
            case 0x0d where index + 1 < bytes.count:
                let isPair = bytes[index + 1] == 0x0a
                if !isPair { isPlain = false }
                end = index + (isPair ? 2 : 1)
            case 0x0d where index == line:
                // An empty line, whatever follows; an LF that does is an empty line again, and nobody minds that.
                isPlain = false
                end = index + 1
            case 0x0d:
                return more(at: index, line, start)
            case 0x00:
                isPlain = false
                index += 1
                continue
            default:
                index += 1
                continue
            }
            guard index - line <= Self.longestLine else { return .tooLong("line_too_long") }
            guard end - start <= Self.longestEvent else { return .tooLong("event_too_long") }
            let isEmpty = index == line
            if !isEmpty {
                switch Self.kind(of: bytes, line..<index) {
                case .comment: break
                case .data, .other: hasFields = true
                case .unknown: isPlain = false
                }
            }
            index = end
            line = end
            // Lines outside of an event, comments that keep a connection alive for one, are not held back.
            if isEmpty || !hasFields {
                let found = Found.event(end: end, isPlain: isPlain, hasFields: hasFields)
                self = EventScanner()
                return found
            }
        }
        return more(at: index, line, start)
    }

    private mutating func more(at index: Int, _ line: Int, _ start: Int) -> Found {
        scanned = index - start
        lineStart = line - start
        if index - line > Self.longestLine { return .tooLong("line_too_long") }
        return scanned > Self.longestEvent ? .tooLong("event_too_long") : .more
    }

    /// What a line that is not empty is.
    static func kind(of bytes: Span<UInt8>, _ line: Range<Int>) -> Line {
        switch bytes[line.lowerBound] {
        case UInt8(ascii: ":"): .comment
        case UInt8(ascii: "d"): isField("data", bytes, line) ? .data : .unknown
        case UInt8(ascii: "e"): isField("event", bytes, line) ? .other : .unknown
        case UInt8(ascii: "i"): isField("id", bytes, line) ? .other : .unknown
        case UInt8(ascii: "r"): isField("retry", bytes, line) ? .other : .unknown
        default: .unknown
        }
    }

    /// Whether the line is `name`, or `name:` and a value.
    private static func isField(_ name: StaticString, _ bytes: Span<UInt8>, _ line: Range<Int>) -> Bool {
        let count = name.utf8CodeUnitCount
        guard line.count >= count else { return false }
        if line.count > count, bytes[line.lowerBound + count] != UInt8(ascii: ":") { return false }
        return name.withUTF8Buffer { letters in
            for offset in 0..<count where bytes[line.lowerBound + offset] != letters[offset] { return false }
            return true
        }
    }

    /// The first byte below 0x0e from `start` on, or the end: LF, CR, NUL and a few that JSON never holds. Eight at a
    /// time.
    @inline(__always)
    static func nextControl(_ bytes: Span<UInt8>, _ start: Int) -> Int {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highs: UInt64 = 0x8080_8080_8080_8080
        let raw = bytes.bytes
        var index = start
        while index &+ 8 <= bytes.count {
            let word = UInt64(littleEndian: raw.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self))
            let hit = (word &- ones &* 0x0e) & ~word & highs
            // Only the lowest set bit is exact.
            if hit != 0 { return index &+ (hit.trailingZeroBitCount &>> 3) }
            index &+= 8
        }
        while index < bytes.count && bytes[index] >= 0x0e { index &+= 1 }
        return index
    }
}
