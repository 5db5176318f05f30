/// Divides what a child says into lines of at most 8 KiB, scrubbed. A longer line comes in pieces; a secret that lies
/// across the border of two is found as well.
struct LineDivider {
    /// The most bytes of a line.
    static let limit = 8192

    struct Line: Hashable {
        var bytes: [UInt8]
        /// Whether the line goes on.
        var isCut = false
        var scrubbed = 0
    }

    private let scrubber: Scrubber
    private var waiting: [UInt8] = []

    init(_ scrubber: Scrubber) {
        self.scrubber = scrubber
    }

    /// The lines that are whole by now.
    mutating func take(_ bytes: some Sequence<UInt8>) -> [Line] {
        var lines: [Line] = []
        // As much as a secret may need that begins at the border's other side.
        let most = Self.limit + scrubber.longest
        for byte in bytes {
            if byte == UInt8(ascii: "\n") {
                lines += flush()
            } else {
                waiting.append(byte)
                if waiting.count >= most { lines.append(cut()) }
            }
        }
        return lines
    }

    /// What is left when nothing more comes.
    mutating func finish() -> [Line] {
        waiting.isEmpty ? [] : flush()
    }

    private mutating func flush() -> [Line] {
        let (bytes, count) = scrubber.scrub(waiting)
        waiting = []
        guard bytes.count > Self.limit else { return [Line(bytes: bytes, scrubbed: count)] }
        return [
            Line(bytes: Array(bytes[..<Self.limit]), isCut: true, scrubbed: count),
            Line(bytes: Array(bytes[Self.limit...])),
        ]
    }

    private mutating func cut() -> Line {
        let (bytes, count) = scrubber.scrub(waiting)
        // What was put in a secret's place may be longer than the secret was.
        let end = min(Self.limit, bytes.count)
        waiting = Array(bytes[end...])
        return Line(bytes: Array(bytes[..<end]), isCut: true, scrubbed: count)
    }
}
