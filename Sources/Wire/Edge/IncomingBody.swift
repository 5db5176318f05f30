import NIOCore
import OstiaryCore

/// A request's body on its way in: framing taken off, bounded, handed out piece by piece.
struct IncomingBody {
    private(set) var framing = BodyFraming.none
    private var remaining = 0
    private var chunks: ChunkReader
    private(set) var received = 0
    private(set) var isComplete = true
    /// Why no more will come.
    private(set) var fault: GateError?
    /// The bound that the body ran into.
    private(set) var reached: EdgeLimit?
    /// What has come and nobody has taken.
    private var pending: ByteBuffer?
    /// Whether the client still waits for `100 Continue`.
    var owesContinue = false
    var waiter: UnsafeContinuation<Void, Never>?

    init() {
        chunks = ChunkReader()
    }

    init(_ head: RequestHead, limits: EdgeLimits = EdgeLimits()) {
        chunks = ChunkReader(limits: .init(extensions: limits.chunkExtensions, trailers: limits.trailers))
        framing = head.framing
        if case .length(let length) = head.framing { remaining = length }
        isComplete = head.framing == .none
        owesContinue = head.expectsContinue && !isComplete
    }

    /// A body whose pieces bring no framing of their own (HTTP/2): the stream says where it ends, and a declared length
    /// is checked against what comes.
    init(unframed head: RequestHead, isEnded: Bool) {
        chunks = ChunkReader()
        framing = head.framing
        if case .length(let length) = head.framing { remaining = length }
        isComplete = isEnded
        owesContinue = head.expectsContinue && !isComplete
    }

    /// Takes an unframed piece. False when the body is longer than was declared.
    mutating func append(_ piece: ByteBuffer, limit: Int, discarding: Bool) -> Bool {
        guard !isComplete, fault == nil else { return true }
        owesContinue = false
        if case .length = framing {
            guard piece.readableBytes <= remaining else { return false }
            remaining -= piece.readableBytes
        }
        keep(piece, limit: limit, discarding: discarding)
        return true
    }

    /// Ends an unframed body. False when it is shorter than was declared.
    mutating func end() -> Bool {
        guard !isComplete else { return true }
        isComplete = true
        if case .length = framing { return remaining == 0 }
        return true
    }

    var pendingBytes: Int { pending?.readableBytes ?? 0 }

    /// Bytes that the framing still promises; `nil` where it does not say.
    var outstanding: Int? {
        if isComplete { return 0 }
        if case .length = framing { return remaining }
        return nil
    }

    mutating func fail(_ error: GateError) {
        if fault == nil { fault = error }
        pending = nil
    }

    /// Forgets what has come; the framing is still followed.
    mutating func discard() { pending = nil }

    mutating func take() -> ByteBuffer? {
        defer { pending = nil }
        return pending
    }

    /// Takes from `buffer` what belongs to the body, and keeps it unless it is to be `discarded`.
    mutating func feed(_ buffer: inout ByteBuffer, limit: Int, discarding: Bool) {
        guard !isComplete, fault == nil else { return }
        owesContinue = false
        switch framing {
        case .length:
            guard let slice = buffer.readSlice(length: min(remaining, buffer.readableBytes)) else { return }
            remaining -= slice.readableBytes
            isComplete = remaining == 0
            keep(slice, limit: limit, discarding: discarding)
        case .chunked:
            feedChunks(&buffer, limit: limit, discarding: discarding)
        case .none, .untilClose:
            isComplete = true
        }
    }

    private mutating func feedChunks(_ buffer: inout ByteBuffer, limit: Int, discarding: Bool) {
        var index = 0
        let source = buffer
        while fault == nil {
            let step: ChunkReader.Step
            do throws(HeadFault) {
                step = try source.withReadableSpan { span throws(HeadFault) in try chunks.next(span, &index) }
            } catch {
                reached = error.limit
                fail(GateError(fault: error))
                return
            }
            switch step {
            case .data(let range):
                guard let slice = source.getSlice(at: source.readerIndex + range.lowerBound, length: range.count)
                else { return }
                keep(slice, limit: limit, discarding: discarding)
            case .more:
                buffer.moveReaderIndex(forwardBy: index)
                return
            case .end(let end):
                isComplete = true
                buffer.moveReaderIndex(forwardBy: end)
                return
            }
        }
    }

    private mutating func keep(_ slice: ByteBuffer, limit: Int, discarding: Bool) {
        received += slice.readableBytes
        guard received <= limit else {
            reached = .body
            return fail(GateError(.bodyTooLarge))
        }
        guard !discarding else { return }
        if pending == nil { pending = slice } else { pending?.writeImmutableBuffer(slice) }
    }
}

extension GateError {
    /// What the client reads about a message that is refused for its form.
    init(fault: HeadFault) {
        switch fault {
        case .malformed(let why): self.init(.invalidRequest, cause: "malformed_message", detail: "\(why)")
        case .targetTooLong: self.init(.targetTooLong)
        case .headTooLarge: self.init(.headersTooLarge)
        case .tooManyFields: self.init(.headersTooLarge, cause: "fields")
        case .extensionsTooLarge: self.init(.headersTooLarge, cause: "chunk_extensions")
        case .trailersTooLarge: self.init(.headersTooLarge, cause: "trailers")
        case .bodyTooLarge: self.init(.bodyTooLarge)
        case .unknownCoding:
            self.init(.invalidRequest, cause: "unknown_coding", detail: "chunked is the only transfer coding")
        case .unknownVersion:
            self.init(.invalidRequest, cause: "unknown_version", detail: "send HTTP/1.1")
        case .unknownExpectation: self.init(.expectationFailed)
        }
    }
}
