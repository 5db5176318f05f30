import NIOCore
import OstiaryCore

// What each frame means (RFC 9113 section 6), and what must not come.
extension HTTP2Link {
    /// CONTINUATION frames that one field block may need: its bound in bytes divides into fewer.
    private static let blockFrames = 8

    func handle(_ head: FrameHead, _ payload: ByteBuffer) throws(HTTP2Fault) {
        var payload = payload
        if unfinished != nil, head.kind != FrameHead.Kind.continuation {
            throw HTTP2Fault(.protocolError, "a field block was interrupted")
        }
        if awaitsSettings {
            guard head.kind == FrameHead.Kind.settings, !head.has(FrameHead.Flag.acknowledge) else {
                throw HTTP2Fault(.protocolError, "the preface has no settings")
            }
            awaitsSettings = false
            try readSettings(head, &payload)
            return owner.settled()
        }
        switch head.kind {
        case FrameHead.Kind.headers: try readHeaders(head, &payload)
        case FrameHead.Kind.continuation: try readContinuation(head, payload)
        case FrameHead.Kind.settings: try readSettings(head, &payload)
        case FrameHead.Kind.windowUpdate: try readWindowUpdate(head, &payload)
        case FrameHead.Kind.resetStream: try readReset(head, &payload)
        case FrameHead.Kind.ping: try readPing(head, &payload)
        case FrameHead.Kind.goAway: try readGoAway(head, &payload)
        case FrameHead.Kind.priority:
            guard head.stream != 0 else { throw HTTP2Fault(.protocolError, "PRIORITY on the connection") }
            guard head.length == 5 else { throw HTTP2Fault(.frameSizeError, "PRIORITY has another size") }
            try guarding.spendFrame(at: now)
        case FrameHead.Kind.pushPromise:
            throw HTTP2Fault(.protocolError, "nobody asked for pushed answers")
        default:
            // Unknown types are ignored (section 5.5), as often as any other frame that carries nothing.
            try guarding.spendFrame(at: now)
        }
    }

    // MARK: Field blocks

    private func readHeaders(_ head: FrameHead, _ payload: inout ByteBuffer) throws(HTTP2Fault) {
        guard head.stream != 0 else { throw HTTP2Fault(.protocolError, "HEADERS on the connection") }
        var padding = 0
        if head.has(FrameHead.Flag.padded) {
            guard let octet = payload.readInteger(as: UInt8.self) else {
                throw HTTP2Fault(.frameSizeError, "no room for the padding's length")
            }
            padding = Int(octet)
        }
        if head.has(FrameHead.Flag.priority), payload.readSlice(length: 5) == nil {
            throw HTTP2Fault(.frameSizeError, "no room for the priority")
        }
        guard padding <= payload.readableBytes else {
            throw HTTP2Fault(.protocolError, "more padding than payload")
        }
        let block = payload.readSlice(length: payload.readableBytes - padding) ?? ByteBuffer()
        let isEnd = head.has(FrameHead.Flag.endStream)
        guard head.has(FrameHead.Flag.endHeaders) else {
            unfinished = UnfinishedBlock(stream: head.stream, isEnd: isEnd, bytes: block)
            return
        }
        try finish(head.stream, block, isEnd)
    }

    private func readContinuation(_ head: FrameHead, _ payload: ByteBuffer) throws(HTTP2Fault) {
        guard var block = unfinished, block.stream == head.stream else {
            throw HTTP2Fault(.protocolError, "CONTINUATION of nothing")
        }
        try guarding.spendFrame(at: now)
        unfinished = nil
        block.frames += 1
        guard block.frames <= Self.blockFrames, block.bytes.readableBytes + payload.readableBytes <= blockLimit else {
            throw HTTP2Fault(.enhanceYourCalm, "a field block without end")
        }
        block.bytes.writeImmutableBuffer(payload)
        guard head.has(FrameHead.Flag.endHeaders) else { return unfinished = block }
        try finish(block.stream, block.bytes, block.isEnd)
    }

    /// Bytes that a field block may have as it is sent. A little more than its fields may have decoded, so that a block
    /// slightly too large is answered and not cut off.
    private var blockLimit: Int { limits.bytes + limits.bytes / 2 }

    private func finish(_ id: Int32, _ bytes: ByteBuffer, _ isEnd: Bool) throws(HTTP2Fault) {
        let block: FieldBlock
        do throws(CompressionFault) {
            block = try fieldBlocks.read(bytes, limits: limits)
        } catch {
            throw HTTP2Fault(.compressionError, "a field block cannot be decoded")
        }
        if let stream = streams[id] {
            guard !stream.isRemoteClosed else { throw HTTP2Fault(.streamClosed, "HEADERS behind the end of a stream") }
            if isEnd { stream.isRemoteClosed = true }
            stream.owner?.received(block, isEnd: isEnd)
            return closeIfDone(stream)
        }
        guard role == .server, id > lastPeerStream else {
            // A stream of ours that is over: the peer answered before it knew.
            if resetLately.contains(id) || (role == .client && !isIdle(id)) {
                return try guarding.spendFrame(at: now)
            }
            throw HTTP2Fault(
                id > lastPeerStream || role == .client ? .protocolError : .streamClosed,
                "HEADERS on a stream that is not open"
            )
        }
        guard id % 2 == 1 else { throw HTTP2Fault(.protocolError, "clients open odd streams") }
        lastPeerStream = id
        guard streams.count < owner.streamLimit else {
            try guarding.spendStream(at: now)
            resetLately.insert(id)
            out.writeReset(id, .refusedStream)
            return
        }
        let stream = makeStream(id)
        stream.isRemoteClosed = isEnd
        try owner.opened(stream, block, isEnd: isEnd)
        closeIfDone(stream)
    }

    // MARK: DATA

    func handle(_ piece: FrameReader.DataPiece) throws(HTTP2Fault) {
        if awaitsSettings { throw HTTP2Fault(.protocolError, "the preface has no settings") }
        if unfinished != nil { throw HTTP2Fault(.protocolError, "a field block was interrupted") }
        guard piece.flow <= receiveWindow else { throw HTTP2Fault(.flowControlError, "more DATA than the window") }
        receiveWindow -= piece.flow
        if piece.isVain { try guarding.spendFrame(at: now) }
        guard let stream = streams[piece.stream], !stream.isRemoteClosed else {
            return try dropData(piece)
        }
        guard piece.flow <= stream.receiveWindow else { return try abort(stream, .flowControlError) }
        stream.receiveWindow -= piece.flow
        credit(piece.padding, stream)
        if piece.isEnd { stream.isRemoteClosed = true }
        stream.owner?.received(piece.bytes, isEnd: piece.isEnd)
        closeIfDone(stream)
    }

    /// DATA of a stream that is not open: the connection's window gets it back (RFC 9113 section 6.9).
    private func dropData(_ piece: FrameReader.DataPiece) throws(HTTP2Fault) {
        if let stream = streams[piece.stream], stream.isRemoteClosed {
            try abort(stream, .streamClosed)
        } else if isIdle(piece.stream) {
            throw HTTP2Fault(.protocolError, "DATA on a stream that was never opened")
        } else if role == .client {
            // A stream of ours that is over: what comes of it is no more than its window was.
            if !resetLately.contains(piece.stream) { try guarding.spendFrame(at: now) }
        } else if !resetLately.contains(piece.stream) {
            try guarding.spendStream(at: now)
            resetLately.insert(piece.stream)
            out.writeReset(piece.stream, .streamClosed)
        }
        credit(piece.flow, nil)
    }

    /// Ends a stream for a fault of the peer (section 5.4.2).
    func abort(_ stream: HTTP2Stream, _ code: HTTP2Code) throws(HTTP2Fault) {
        let streamOwner = stream.owner
        reset(stream, code)
        streamOwner?.wasReset(code.rawValue)
        try guarding.spendStream(at: now)
    }

    /// Whether nobody has opened the stream yet (section 5.1.1).
    private func isIdle(_ id: Int32) -> Bool {
        let isOurs = (id % 2 == 1) == (role == .client)
        return isOurs ? id >= nextStream : id > lastPeerStream
    }

    // MARK: The connection

    private func readSettings(_ head: FrameHead, _ payload: inout ByteBuffer) throws(HTTP2Fault) {
        guard head.stream == 0 else { throw HTTP2Fault(.protocolError, "SETTINGS on a stream") }
        try guarding.spendFrame(at: now)
        guard !head.has(FrameHead.Flag.acknowledge) else {
            guard head.length == 0 else { throw HTTP2Fault(.frameSizeError, "an acknowledgement with settings") }
            return
        }
        guard head.length % 6 == 0 else { throw HTTP2Fault(.frameSizeError, "SETTINGS has another size") }
        var window = peerStreamWindow
        while let number = payload.readInteger(as: UInt16.self), let value = payload.readInteger(as: UInt32.self) {
            switch HTTP2Setting(rawValue: number) {
            case .headerTableSize:
                if value < UInt32(DynamicTable.bound) { owesTableUpdate = true }
            case .enablePush:
                guard value == 0 || (value == 1 && role == .server) else {
                    throw HTTP2Fault(.protocolError, "ENABLE_PUSH is neither 0 nor 1")
                }
            case .maxConcurrentStreams:
                peerStreamLimit = Int(min(value, 1 << 20))
            case .initialWindowSize:
                guard value <= 0x7fff_ffff else { throw HTTP2Fault(.flowControlError, "a window beyond its bound") }
                window = Int(value)
            case .maxFrameSize:
                guard (16_384...16_777_215).contains(value) else {
                    throw HTTP2Fault(.protocolError, "MAX_FRAME_SIZE is out of range")
                }
            case .maxHeaderListSize, nil:
                break
            }
        }
        try setPeerWindow(window)
        out.writeSettingsAnswer()
    }

    /// Changes what all streams may send (section 6.9.2): once a frame, however often it says so.
    private func setPeerWindow(_ window: Int) throws(HTTP2Fault) {
        let change = window - peerStreamWindow
        guard change != 0 else { return }
        peerStreamWindow = window
        for stream in streams.values {
            guard Self.widen(&stream.sendWindow, by: change) else {
                throw HTTP2Fault(.flowControlError, "a window beyond its bound")
            }
            enqueue(stream)
        }
    }

    private func readWindowUpdate(_ head: FrameHead, _ payload: inout ByteBuffer) throws(HTTP2Fault) {
        guard head.length == 4, let word = payload.readInteger(as: UInt32.self) else {
            throw HTTP2Fault(.frameSizeError, "WINDOW_UPDATE has another size")
        }
        try guarding.spendFrame(at: now)
        let count = Int(word & 0x7fff_ffff)
        guard head.stream != 0 else {
            guard count > 0 else { throw HTTP2Fault(.protocolError, "WINDOW_UPDATE by nothing") }
            guard Self.widen(&sendWindow, by: count) else {
                throw HTTP2Fault(.flowControlError, "a window beyond its bound")
            }
            return
        }
        guard let stream = streams[head.stream] else {
            if isIdle(head.stream) { throw HTTP2Fault(.protocolError, "WINDOW_UPDATE on a stream never opened") }
            return
        }
        guard count > 0, Self.widen(&stream.sendWindow, by: count) else {
            return try abort(stream, count == 0 ? .protocolError : .flowControlError)
        }
        enqueue(stream)
    }

    private func readReset(_ head: FrameHead, _ payload: inout ByteBuffer) throws(HTTP2Fault) {
        guard head.stream != 0 else { throw HTTP2Fault(.protocolError, "RST_STREAM on the connection") }
        guard head.length == 4, let code = payload.readInteger(as: UInt32.self) else {
            throw HTTP2Fault(.frameSizeError, "RST_STREAM has another size")
        }
        guard let stream = streams[head.stream] else {
            if isIdle(head.stream) { throw HTTP2Fault(.protocolError, "RST_STREAM on a stream never opened") }
            return try guarding.spendFrame(at: now)
        }
        let isInVain = role == .server && !stream.isLocalClosed
        close(stream)?.wasReset(code)
        if isInVain { try guarding.spendStream(at: now) }
    }

    private func readPing(_ head: FrameHead, _ payload: inout ByteBuffer) throws(HTTP2Fault) {
        guard head.stream == 0 else { throw HTTP2Fault(.protocolError, "PING on a stream") }
        guard head.length == 8, let word = payload.readInteger(as: UInt64.self) else {
            throw HTTP2Fault(.frameSizeError, "PING has another size")
        }
        try guarding.spendFrame(at: now)
        if head.has(FrameHead.Flag.acknowledge) { return owner.pingAnswered() }
        out.writePing(word, isAnswer: true)
    }

    private func readGoAway(_ head: FrameHead, _ payload: inout ByteBuffer) throws(HTTP2Fault) {
        guard head.stream == 0 else { throw HTTP2Fault(.protocolError, "GOAWAY on a stream") }
        guard let last = payload.readInteger(as: UInt32.self), let code = payload.readInteger(as: UInt32.self) else {
            throw HTTP2Fault(.frameSizeError, "GOAWAY has another size")
        }
        try guarding.spendFrame(at: now)
        owner.peerLeaves(last: Int32(truncatingIfNeeded: last & 0x7fff_ffff), code: code)
    }
}
