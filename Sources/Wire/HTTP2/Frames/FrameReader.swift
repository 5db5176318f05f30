import NIOCore

/// Takes frames out of the bytes as they come (RFC 9113 section 4). DATA is handed on in pieces, so that no more than
/// one frame of any other kind, 16 KiB, waits here.
struct FrameReader {
    enum Step {
        /// A whole frame that is not DATA.
        case frame(FrameHead, ByteBuffer)
        case data(DataPiece)
    }

    /// A piece of a DATA frame's payload without its padding, perhaps empty.
    struct DataPiece {
        let stream: Int32
        let bytes: ByteBuffer
        /// What the frame counts for in flow control, told with its first piece; 0 with the others.
        let flow: Int
        /// What of `flow` is padding, which nobody takes.
        let padding: Int
        /// Whether the stream ends behind this piece.
        let isEnd: Bool
        /// Whether the frame brings neither bytes nor an end.
        let isVain: Bool
    }

    private enum State {
        case head
        case data(stream: Int32, left: Int, padding: Int, isEnd: Bool)
        case padding(Int)
    }

    private var inbound = ByteBuffer()
    private var state = State.head
    private var isVain = false
    private var paddingFlow = 0

    /// Takes bytes in; they are read by `next`.
    mutating func take(_ bytes: ByteBuffer) {
        inbound.takeIn(bytes)
    }

    /// Whether the beginning of a frame waits for its rest.
    var isInsideFrame: Bool {
        if case .head = state { inbound.readableBytes > 0 } else { false }
    }

    mutating func discard() { inbound = ByteBuffer() }

    /// Reads the client's connection preface (section 3.4) out of the first bytes.
    /// - Returns: whether it is there; false while bytes are missing.
    mutating func readPreface() throws(HTTP2Fault) -> Bool {
        let preface: StaticString = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
        let count = min(preface.utf8CodeUnitCount, inbound.readableBytes)
        let isSame = inbound.withReadableSpan { bytes in
            (0..<count).allSatisfy { bytes[$0] == preface.utf8Start[$0] }
        }
        guard isSame else { throw HTTP2Fault(.protocolError, "no connection preface") }
        guard count == preface.utf8CodeUnitCount else { return false }
        inbound.moveReaderIndex(forwardBy: count)
        return true
    }

    /// The next frame or piece; `nil` when more bytes are needed.
    mutating func next() throws(HTTP2Fault) -> Step? {
        while true {
            switch state {
            case .head:
                guard let head = FrameHead(peeking: inbound) else { return shrink() }
                guard head.length <= FrameHead.payloadLimit else {
                    throw HTTP2Fault(.frameSizeError, "a frame is larger than 16 KiB")
                }
                guard head.kind == FrameHead.Kind.data else {
                    guard inbound.readableBytes >= FrameHead.size + head.length else { return shrink() }
                    inbound.moveReaderIndex(forwardBy: FrameHead.size)
                    return .frame(head, inbound.readSlice(length: head.length) ?? ByteBuffer())
                }
                if let step = try beginData(head) { return step }
                if case .head = state { return shrink() }
            case .data(let stream, let left, let padding, let isEnd):
                guard let piece = inbound.readSlice(length: min(left, inbound.readableBytes)), piece.readableBytes > 0
                else { return shrink() }
                return advance(stream, piece, flow: 0, left: left - piece.readableBytes, padding, isEnd)
            case .padding(let left):
                let count = min(left, inbound.readableBytes)
                inbound.moveReaderIndex(forwardBy: count)
                guard count == left else {
                    state = .padding(left - count)
                    return shrink()
                }
                state = .head
            }
        }
    }

    /// Begins a DATA frame; `nil` while its padding's length has not come.
    private mutating func beginData(_ head: FrameHead) throws(HTTP2Fault) -> Step? {
        guard head.stream != 0 else { throw HTTP2Fault(.protocolError, "DATA on the connection") }
        var padding = 0
        var left = head.length
        if head.has(FrameHead.Flag.padded) {
            guard head.length >= 1 else { throw HTTP2Fault(.frameSizeError, "no room for the padding's length") }
            guard let octet = inbound.getInteger(at: inbound.readerIndex + FrameHead.size, as: UInt8.self) else {
                return nil
            }
            padding = Int(octet)
            left -= 1 + padding
            guard left >= 0 else { throw HTTP2Fault(.protocolError, "more padding than payload") }
            inbound.moveReaderIndex(forwardBy: 1)
        }
        inbound.moveReaderIndex(forwardBy: FrameHead.size)
        let piece = inbound.readSlice(length: min(left, inbound.readableBytes)) ?? ByteBuffer()
        let isEnd = head.has(FrameHead.Flag.endStream)
        isVain = left == 0 && !isEnd
        paddingFlow = head.length - left
        return advance(head.stream, piece, flow: head.length, left: left - piece.readableBytes, padding, isEnd)
    }

    private mutating func advance(
        _ stream: Int32,
        _ piece: ByteBuffer,
        flow: Int,
        left: Int,
        _ padding: Int,
        _ isEnd: Bool
    ) -> Step {
        if left > 0 {
            state = .data(stream: stream, left: left, padding: padding, isEnd: isEnd)
        } else {
            state = padding > 0 ? .padding(padding) : .head
        }
        return .data(
            DataPiece(
                stream: stream,
                bytes: piece,
                flow: flow,
                padding: flow > 0 ? paddingFlow : 0,
                isEnd: isEnd && left == 0,
                isVain: isVain && piece.readableBytes == 0
            )
        )
    }

    /// Lets go of what was read, so that a waiting connection holds no more memory than it needs.
    private mutating func shrink() -> Step? {
        if inbound.readableBytes == 0 { inbound = ByteBuffer() }
        return nil
    }
}
