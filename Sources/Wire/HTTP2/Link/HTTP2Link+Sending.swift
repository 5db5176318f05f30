import NIOCore
import OstiaryCore

// The way out: heads at once, bodies as the windows allow, one frame of each stream in turn.
extension HTTP2Link {
    /// Sends a field block.
    /// - Parameters:
    ///   - isEnd: whether the stream ends with it.
    ///   - pseudo: writes the pseudo-headers.
    ///   - fields: appends the fields as `name: value CRLF` lines.
    func sendHead(
        _ stream: HTTP2Stream,
        isEnd: Bool,
        pseudo: (inout ByteWriter) -> Void,
        fields: (inout ByteWriter) -> Void = { _ in }
    ) {
        guard !stream.isClosed, !stream.isLocalClosed else { return }
        lines.removeAll()
        fields(&lines)
        block.removeAll()
        if owesTableUpdate {
            owesTableUpdate = false
            block.writeByte(0x20)
        }
        pseudo(&block)
        lines.withBytes { block.writeFields(ofLines: $0) }
        block.withBytes { writeHead(stream.id, $0, isEnd: isEnd) }
        if lines.count + block.count > Self.scratchLimit {
            lines = ByteWriter(capacity: 256)
            block = ByteWriter(capacity: 256)
        }
        if isEnd { localEnded(stream) }
        flushSoon()
    }

    /// Writes a field block as HEADERS and, beyond the size of a frame, CONTINUATION frames.
    private func writeHead(_ id: Int32, _ block: Span<UInt8>, isEnd: Bool) {
        var kind = FrameHead.Kind.headers
        var flags = isEnd ? FrameHead.Flag.endStream : 0
        var start = 0
        repeat {
            let end = min(start + FrameHead.payloadLimit, block.count)
            if end == block.count { flags |= FrameHead.Flag.endHeaders }
            out.writeFrameHead(kind, flags: flags, stream: id, length: end - start)
            out.writeSpan(block.extracting(start..<end))
            start = end
            kind = FrameHead.Kind.continuation
            flags = 0
        } while start < block.count
    }

    /// The most memory, in bytes, that is kept for the next head.
    private static let scratchLimit = 4096

    /// Sends a piece of a body, and the end of the stream behind it if it is the last.
    func sendBody(_ stream: HTTP2Stream, _ bytes: ByteBuffer, isEnd: Bool) {
        guard !stream.isClosed, !stream.isLocalClosed, case .open = stream.ending else { return }
        if isEnd { stream.ending = .end }
        stream.pending.takeIn(bytes)
        // In turn if others wait, else at once.
        if ready.isEmpty, transport?.isWritable != false, out.readableBytes < Self.sendBatch {
            send(stream, atMost: Self.sendBatch)
        }
        enqueue(stream)
        flushSoon()
    }

    /// Ends the stream behind what waits on it.
    func end(_ stream: HTTP2Stream, _ ending: HTTP2Stream.Ending) {
        guard !stream.isClosed, !stream.isLocalClosed else { return }
        stream.ending = ending
        if stream.pending.readableBytes == 0 { send(stream, atMost: 0) }
        enqueue(stream)
        flushSoon()
    }

    /// Puts a stream that could send into the queue.
    func enqueue(_ stream: HTTP2Stream) {
        if stream.pending.readableBytes > 0, stream.blockedSince == nil {
            stream.blockedSince = now
            owner.blocked(stream)
        }
        guard !stream.isQueued, !stream.isClosed, stream.canSend else { return }
        stream.isQueued = true
        ready.append(stream)
    }

    /// Sends as much as windows and transport take: one frame of each stream in turn.
    func pump() {
        guard let transport, !ready.isEmpty else { return }
        let limit = Self.sendBatch
        while transport.isWritable, out.readableBytes < limit, let stream = ready.popFirst() {
            stream.isQueued = false
            guard !stream.isClosed else { continue }
            if sendWindow <= 0, stream.pending.readableBytes > 0 {
                // The connection's window is used up: it will be this one's turn first.
                stream.isQueued = true
                ready.prepend(stream)
                break
            }
            send(stream, atMost: FrameHead.payloadLimit)
            enqueue(stream)
        }
        if !ready.isEmpty, transport.isWritable, sendWindow > 0 { flushSoon() }
    }

    /// Sends up to so many bytes of what waits on a stream, and its end if that is due.
    private func send(_ stream: HTTP2Stream, atMost limit: Int) {
        var left = min(limit, sendWindow, stream.sendWindow, stream.pending.readableBytes)
        let isProgress = left > 0
        while left > 0, let piece = stream.pending.readSlice(length: min(left, FrameHead.payloadLimit)) {
            let count = piece.readableBytes
            left -= count
            sendWindow -= count
            stream.sendWindow -= count
            var flags: UInt8 = 0
            if stream.pending.readableBytes == 0, case .end = stream.ending { flags = FrameHead.Flag.endStream }
            out.writeFrameHead(FrameHead.Kind.data, flags: flags, stream: stream.id, length: count)
            out.writeImmutableBuffer(piece)
            guarding.sentData()
            if flags != 0 { return localEnded(stream) }
        }
        if isProgress { stream.blockedSince = nil }
        guard stream.pending.readableBytes == 0 else { return makeRoom(stream) }
        stream.pending = ByteBuffer()
        switch stream.ending {
        case .open: makeRoom(stream)
        case .end:
            out.writeFrameHead(FrameHead.Kind.data, flags: FrameHead.Flag.endStream, stream: stream.id, length: 0)
            localEnded(stream)
        case .reset(let code): reset(stream, code)
        }
    }

    private func makeRoom(_ stream: HTTP2Stream) {
        guard stream.isFull, stream.pending.readableBytes <= HTTP2Stream.lowWater else { return }
        stream.isFull = false
        stream.owner?.madeRoom()
    }

    private func localEnded(_ stream: HTTP2Stream) {
        guard !stream.isLocalClosed else { return }
        stream.isLocalClosed = true
        stream.blockedSince = nil
        stream.pending = ByteBuffer()
        stream.owner?.sentAll()
        closeIfDone(stream)
    }

    /// Forgets a stream of which both halves have ended.
    func closeIfDone(_ stream: HTTP2Stream) {
        if stream.isLocalClosed, stream.isRemoteClosed { close(stream) }
    }
}
