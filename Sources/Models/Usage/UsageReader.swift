public import OstiaryCore

/// Watches an answer go by and remembers what the provider says it used, and why it ended. The answer's bytes are never held back or
/// changed.
///
/// Understands `prompt_tokens`/`completion_tokens` (Chat Completions, completions, embeddings) and
/// `input_tokens`/`output_tokens` (Responses and Messages), at `usage` or, in events, at `response.usage` and
/// `message.usage`. The last number that is given wins. Nothing here fails: what cannot be read stays unknown.
/// Memory is bounded whatever the provider sends.
public struct UsageReader: Sendable {
    /// How the answer is laid out; its `Content-Type` says so.
    public enum Layout: Sendable {
        /// One JSON document.
        case whole
        /// Server-sent events (`text/event-stream`) whose data are JSON documents.
        case events
    }

    /// The longest line of an event stream that is still read, in bytes.
    public static let longestLine = 1 << 20

    /// What is known so far.
    public var usage: Usage { counts.usage }
    /// Why the answer ended; `nil` while nobody has said so.
    public private(set) var stop: Exchange.Stop?
    /// Bytes of the answer's text so far.
    public private(set) var textBytes = 0

    private var counts = UsageCounts()
    private var layout: Layout
    private var scanner = MemberScanner(UsageMembers.paths)
    private var lines = EventLines()
    /// The event, or the whole answer, cannot be read; its remainder is passed over.
    private var isBroken = false
    private var hasData = false

    public init(_ layout: Layout) {
        self.layout = layout
    }

    /// Makes ready for another answer, keeping the memory.
    mutating func reset(_ layout: Layout) {
        self.layout = layout
        counts = UsageCounts()
        stop = nil
        textBytes = 0
        scanner.reset()
        lines = EventLines()
        isBroken = false
        hasData = false
    }

    /// Looks at the next piece of the answer.
    public mutating func feed(_ bytes: Span<UInt8>) {
        guard layout == .events else {
            scan(bytes)
            return
        }
        var index = 0
        while let line = lines.next(in: bytes, from: &index) {
            switch line {
            case .data(let range):
                scan(bytes.extracting(range))
                hasData = true
            case .endOfDataLine:
                // Data lines of one event are joined by a line feed, which between JSON tokens is white space.
                let lineFeed: InlineArray<1, UInt8> = [0x0a]
                scan(lineFeed.span)
            case .tooLong:
                isBroken = true
            case .endOfEvent:
                endDocument()
            }
        }
    }

    /// Says that the answer is over, complete or not, and returns what is known.
    public mutating func finish() -> Usage {
        if layout == .whole || hasData { endDocument() }
        return usage
    }

    private mutating func scan(_ bytes: Span<UInt8>) {
        guard !isBroken else { return }
        do {
            try scanner.feed(bytes)
        } catch {
            isBroken = true
        }
    }

    private mutating func endDocument() {
        if !isBroken && scanner.foundAny, (try? scanner.finish()) != nil {
            UsageMembers.read(scanner, into: &counts)
            stop = UsageMembers.stop(scanner) ?? stop
            textBytes &+= UsageMembers.textBytes(scanner)
        }
        scanner.reset()
        isBroken = false
        hasData = false
    }
}
