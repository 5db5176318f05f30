import NIOCore

/// Takes an answer's body out of its framing (RFC 9112 section 6.3), fed with pieces of any size.
struct AnswerBodyReader {
    enum Step {
        /// Bytes of the body, never none.
        case piece(ByteBuffer)
        /// More bytes are needed; everything fed has been used.
        case more
        /// The body is complete, with this many bytes behind it.
        case end(leftOver: Int)
    }

    private let framing: BodyFraming
    private var remaining = 0
    private var chunks = ChunkReader()

    init(_ framing: BodyFraming) {
        self.framing = framing
        if case .length(let length) = framing { remaining = length }
    }

    /// Reads on in `bytes`, which it takes from.
    /// - Throws: for chunks that are malformed.
    mutating func next(_ bytes: inout ByteBuffer) throws(HeadFault) -> Step {
        switch framing {
        case .none:
            return .end(leftOver: bytes.readableBytes)
        case .length:
            if remaining == 0 { return .end(leftOver: bytes.readableBytes) }
            guard let piece = bytes.readSlice(length: min(remaining, bytes.readableBytes)), piece.readableBytes > 0
            else { return .more }
            remaining -= piece.readableBytes
            return .piece(piece)
        case .chunked:
            return try nextOfChunks(&bytes)
        case .untilClose:
            guard let piece = bytes.readSlice(length: bytes.readableBytes), piece.readableBytes > 0 else {
                return .more
            }
            return .piece(piece)
        }
    }

    private mutating func nextOfChunks(_ bytes: inout ByteBuffer) throws(HeadFault) -> Step {
        var index = 0
        let step = try bytes.withReadableSpan { span throws(HeadFault) in try chunks.next(span, &index) }
        defer { bytes.moveReaderIndex(forwardBy: index) }
        switch step {
        case .data(let range):
            let piece = bytes.getSlice(at: bytes.readerIndex + range.lowerBound, length: range.count)
            return .piece(piece ?? ByteBuffer())
        case .more: return .more
        case .end(let end): return .end(leftOver: bytes.readableBytes - end)
        }
    }
}
