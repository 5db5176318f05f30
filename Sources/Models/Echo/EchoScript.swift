/// What the built-in model answers, for the server to play: the answer itself, its pauses and how it ends.
public struct EchoScript: Sendable {
    public enum Answer: Sendable {
        case whole(Whole)
        case stream(Stream)
    }

    /// A header field.
    public struct Field: Hashable, Sendable {
        public let name: String
        public let value: String

        public init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    /// An answer with a known length.
    public struct Whole: Sendable {
        public let status: Int
        public let fields: [Field]
        public let body: [UInt8]
        /// After how many bytes of the body the connection breaks, with the length announced being the whole body's;
        /// `nil` for a complete answer.
        public let cut: Int?
    }

    /// An answer of status 200 as server-sent events.
    public struct Stream: Sendable {
        public enum Ending: Hashable, Sendable {
            case complete
            /// The connection breaks behind the last frame, without the end that the framing of the body has.
            case dropped
        }

        public let fields: [Field]
        /// Complete events, each to be sent and flushed alone.
        public let frames: EchoFrames
        public let ending: Ending
    }

    public let answer: Answer
    /// Seconds to wait before a whole answer, and before every frame of a stream.
    public let delay: Double
}

/// The events of a stream, each made when it is asked for.
public struct EchoFrames: Sequence, Sendable {
    public let count: Int
    private let render: @Sendable (Int) -> [UInt8]

    init(count: Int, render: @escaping @Sendable (Int) -> [UInt8]) {
        self.count = count
        self.render = render
    }

    /// The frame at a position below `count`; empty beyond it.
    public subscript(_ position: Int) -> [UInt8] {
        position >= 0 && position < count ? render(position) : []
    }

    public var underestimatedCount: Int { count }

    public func makeIterator() -> AnyIterator<[UInt8]> {
        var next = 0
        return AnyIterator {
            guard next < count else { return nil }
            defer { next += 1 }
            return render(next)
        }
    }

    /// The first frames alone.
    func first(_ most: Int) -> EchoFrames {
        EchoFrames(count: Swift.min(count, Swift.max(0, most)), render: render)
    }
}
