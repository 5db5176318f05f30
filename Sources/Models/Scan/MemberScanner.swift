/// Reads a JSON document once, in pieces of any size, checks all of it (RFC 8259) and remembers where a few wanted
/// members lie.
///
/// The document must be one object, in UTF-8, without a byte order mark, at most `deepest` containers deep, its
/// escapes standing for characters, and no wanted member twice; see `ScanError`. Unwanted members are checked and
/// forgotten. Memory is bounded: what is kept is the wanted values' places and their bytes, when they are small.
/// How the document is cut into pieces never changes the result. After an error every call throws the same error.
public struct MemberScanner: Sendable {
    /// How many containers may lie inside one another.
    public static let deepest = 64
    /// The longest value whose bytes are kept, in bytes.
    public static let captureLimit = 4096

    public enum Kind: UInt8, Sendable {
        case object, array, string, number, `true`, `false`, null
    }

    /// A wanted member as it was found.
    public struct Member: Hashable, Sendable {
        public let kind: Kind
        /// Where the value lies in the document, quotes and brackets included.
        public let range: Range<Int>
        /// The value as written; `nil` when it was longer than `captureLimit`, and for an object on the way to other
        /// wanted members.
        public let raw: [UInt8]?
        /// A string's characters, unescaped, in UTF-8; `nil` for other kinds and for long ones.
        public let text: [UInt8]?
    }

    enum State: UInt8 {
        case start, value, valueOrEnd, nameOrEnd, name, colon, next, done
        case string, escape, hexadecimal, lowBackslash, lowLetter
        case minus, zero, integer, point, fraction, exponent, exponentSign, exponentDigits
        case literal
    }

    enum Capture: UInt8 {
        case nothing, name, text
    }

    /// Small, as each stream that is watched has one for every wanted member.
    struct Slot {
        var start = 0
        var end = -1
        private var rawBounds: (Int32, Int32) = (0, 0)
        private var textBounds: (Int32, Int32) = (0, 0)
        var kind: Kind = .null
        var isSeen = false
        var isCaptured = false

        /// Where the value as written lies in what was captured, which has some hundred KB at the most.
        var raw: Range<Int> {
            get { Int(rawBounds.0)..<Int(rawBounds.1) }
            set {
                rawBounds = (
                    Int32(truncatingIfNeeded: newValue.lowerBound), Int32(truncatingIfNeeded: newValue.upperBound)
                )
            }
        }
        /// Where its characters lie.
        var text: Range<Int> {
            get { Int(textBounds.0)..<Int(textBounds.1) }
            set {
                textBounds = (
                    Int32(truncatingIfNeeded: newValue.lowerBound), Int32(truncatingIfNeeded: newValue.upperBound)
                )
            }
        }
    }

    let paths: MemberPaths
    var slots: [Slot]
    var seen = 0
    /// The nodes whose values were found, so that not all have to be cleared for the next document.
    var touched: [Int] = []
    var captured: [UInt8] = []
    var texts: [UInt8] = []
    /// The name being read; its size never changes, its first `nameCount` bytes count.
    var name: [UInt8]
    var nameCount = 0
    var failure: ScanError?

    var state = State.start
    /// Bytes of earlier pieces.
    var base = 0
    var depth = 0
    /// Bit `depth - 1` is set when that container is an object.
    var objects: UInt64 = 0

    /// The innermost object or array on a wanted path and its depth. All outer containers of this one are on the path
    /// too.
    var place = MemberPaths.root
    var placeDepth = 0
    /// The wanted member whose value comes next, or -1.
    var pending = -1
    /// The wanted member whose value is being read, or -1, and where its unkept bytes begin in this piece.
    var leaf = -1
    var leafFrom = 0

    var isName = false
    var capture = Capture.nothing
    /// Continuation bytes still due in a UTF-8 sequence, and the bounds of the next one.
    var due: UInt8 = 0
    var lowest: UInt8 = 0x80
    var highest: UInt8 = 0xbf
    var digitsLeft: UInt8 = 0
    var unit: UInt32 = 0
    var highSurrogate: UInt32 = 0
    var literalLeft: UInt32 = 0

    public init(_ paths: MemberPaths) {
        self.paths = paths
        slots = Array(repeating: Slot(), count: paths.nodes.count)
        name = Array(repeating: 0, count: paths.longestName + 1)
    }

    /// Makes ready for another document, keeping the memory.
    public mutating func reset() {
        if seen > 0 {
            for index in touched { slots[index] = Slot() }
            touched.removeAll(keepingCapacity: true)
            captured.removeAll(keepingCapacity: true)
            texts.removeAll(keepingCapacity: true)
            seen = 0
        }
        failure = nil
        state = .start
        base = 0
        depth = 0
        place = MemberPaths.root
        placeDepth = 0
        pending = -1
        leaf = -1
        capture = .nothing
        due = 0
        highSurrogate = 0
    }

    /// Bytes read so far.
    public var count: Int { base }

    /// The wanted member with this position in the list of paths, or `nil` when the document has none (yet).
    public func member(_ position: Int) -> Member? {
        guard paths.targets.indices.contains(position) else { return nil }
        let slot = slots[paths.targets[position]]
        guard slot.end >= 0 else { return nil }
        let isText = slot.isCaptured && slot.kind == .string
        return Member(
            kind: slot.kind,
            range: slot.start..<slot.end,
            raw: slot.isCaptured ? Array(captured[slot.raw]) : nil,
            text: isText ? Array(texts[slot.text]) : nil
        )
    }

    /// Lends a wanted string's characters, unescaped, in UTF-8; `nil` when the document has no such string (yet), or one
    /// too long to be kept.
    func withText<Result>(_ position: Int, _ body: (Span<UInt8>) -> Result) -> Result? {
        guard let slot = kept(position), slot.kind == .string else { return nil }
        return body(texts.span.extracting(slot.text))
    }

    /// Lends a wanted value as it is written; `nil` when the document has none (yet), or one too long to be kept.
    func withRaw<Result>(_ position: Int, _ body: (Span<UInt8>) -> Result) -> Result? {
        guard let slot = kept(position) else { return nil }
        return body(captured.span.extracting(slot.raw))
    }

    /// Where a wanted value lies in the document, quotes and brackets included; `nil` when there is none (yet).
    func range(_ position: Int) -> Range<Int>? {
        guard paths.targets.indices.contains(position) else { return nil }
        let slot = slots[paths.targets[position]]
        return slot.end >= 0 ? slot.start..<slot.end : nil
    }

    private func kept(_ position: Int) -> Slot? {
        guard paths.targets.indices.contains(position) else { return nil }
        let slot = slots[paths.targets[position]]
        return slot.end >= 0 && slot.isCaptured ? slot : nil
    }

    /// The kind of the wanted member with this position, or `nil` when the document has none (yet).
    public func kind(_ position: Int) -> Kind? {
        guard paths.targets.indices.contains(position) else { return nil }
        let node = paths.targets[position]
        return slots[node].end >= 0 ? slots[node].kind : nil
    }

    /// Whether any wanted member was found.
    public var foundAny: Bool { seen > 0 }

    /// Reads the next piece.
    public mutating func feed(_ bytes: Span<UInt8>) throws(ScanError) {
        if let failure { throw failure }
        do {
            try scan(bytes)
        } catch {
            failure = error
            throw error
        }
        if leaf >= 0 {
            keepRaw(bytes, upTo: bytes.count)
            leafFrom = 0
        }
        base += bytes.count
    }

    /// Says that the document is over.
    public mutating func finish() throws(ScanError) {
        if let failure { throw failure }
        guard state == .done else {
            let error = ScanError(state == .start ? .notAnObject : .truncated, at: base)
            failure = error
            throw error
        }
    }
}
