import NIOCore
import OstiaryCore
import OstiaryWire

/// Lets whole events through and nothing else, so that a stream can be ended with an error at any time: what a client
/// has got always stands between two events (SEC-505), and no event is longer than its bounds (SEC-507).
///
/// Where every event of a piece is plain and complete, the piece passes as it is, uncopied. The beginning of an event
/// waits here for its end, which costs nobody anything: no client can use half an event. What waits beyond 64 KiB
/// counts towards the bodies that the gate may hold.
final class EventFilter: BodyFilter {
    private let family: BrokenStream.Family
    private let bodies: HeldBodies
    private var share: HeldBodies.Share?
    private var scanner = EventScanner()
    /// The beginning of what is not complete yet.
    private var held = ByteBuffer()
    private var isAtStart = true
    private var events = 0
    /// Why the stream was cut, once it is.
    private(set) var failure: GateError?

    init(_ family: BrokenStream.Family, holding bodies: HeldBodies) {
        self.family = family
        self.bodies = bodies
    }

    func pass(_ piece: ByteBuffer) throws(GateError) -> ByteBuffer {
        var bytes = piece
        let isOwn = held.readableBytes > 0
        if isOwn {
            bytes = held
            held = ByteBuffer()
            bytes.writeImmutableBuffer(piece)
        }
        if isAtStart, !skipMark(&bytes) {
            held = bytes
            return ByteBuffer()
        }
        let (out, rest) = try divide(bytes)
        if rest > 0 { try hold(bytes, rest, isOwn) } else { share = nil }
        return out
    }

    /// Divides `bytes` into what goes on, and how many bytes at the end do not yet.
    private func divide(_ bytes: ByteBuffer) throws(GateError) -> (ByteBuffer, rest: Int) {
        try bytes.withReadableSpan { span throws(GateError) in
            var start = 0
            var copied = 0
            var anew = ByteBuffer()
            var isAnew = false
            search: while true {
                switch scanner.next(in: span, from: start) {
                case .event(let end, let isPlain, let hasFields):
                    if hasFields { events += 1 }
                    if !isPlain {
                        isAnew = true
                        anew.writeSpan(span.extracting(copied..<start))
                        EventRewriter.write(span.extracting(start..<end), isEvent: hasFields, to: &anew)
                        copied = end
                    }
                    start = end
                case .more:
                    break search
                case .tooLong(let cause):
                    throw GateError(.upstreamProtocolError, cause: cause)
                }
            }
            let rest = span.count - start
            if isAnew {
                anew.writeSpan(span.extracting(copied..<start))
                return (anew, rest)
            }
            if rest == 0 { return (bytes, 0) }
            guard start > 0, let whole = bytes.getSlice(at: bytes.readerIndex, length: start) else {
                return (ByteBuffer(), rest)
            }
            return (whole, rest)
        }
    }

    /// - Parameter isOwn: whether nobody else has these bytes, so that more can be written behind them.
    private func hold(_ bytes: ByteBuffer, _ count: Int, _ isOwn: Bool) throws(GateError) {
        if count > HeldBodies.free {
            if share == nil { share = HeldBodies.Share(of: bodies) }
            try share?.grow(to: count - HeldBodies.free)
        }
        // A slice would keep the rest of its piece in memory.
        if count == bytes.readableBytes, isOwn || count > HeldBodies.free {
            held = bytes
        } else if let rest = bytes.getSlice(at: bytes.writerIndex - count, length: count) {
            held = ByteBufferAllocator().buffer(capacity: count + 512)
            held.writeImmutableBuffer(rest)
        }
    }

    /// A byte order mark may precede a stream and is no part of its first line. False while it may still come.
    private func skipMark(_ bytes: inout ByteBuffer) -> Bool {
        let mark: [UInt8] = [0xef, 0xbb, 0xbf]
        let view = bytes.readableBytesView.prefix(mark.count)
        guard mark.starts(with: view) else {
            isAtStart = false
            return true
        }
        guard view.count == mark.count else { return false }
        bytes.moveReaderIndex(forwardBy: mark.count)
        isAtStart = false
        return true
    }

    /// A last event without its empty line counts for nothing by the standard; it passes if no reader could take it
    /// for more.
    func finish() -> ByteBuffer {
        share = nil
        return scanner.isPlain && !isAtStart ? held : ByteBuffer()
    }

    func lastWords(_ reason: GateError) -> ByteBuffer? {
        failure = reason
        share = nil
        held = ByteBuffer()
        return BrokenStream.event(reason, family, after: events)
    }
}
