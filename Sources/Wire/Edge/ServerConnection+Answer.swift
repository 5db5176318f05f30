import NIOCore
import OstiaryCore

// Writing answers: framing is announced once, and an answer that cannot be completed never ends cleanly.
extension ServerConnection {
    /// Sends a complete answer. Does nothing for an exchange that is over.
    func sendWhole(
        _ serial: UInt64,
        _ status: Int,
        body: ByteBuffer,
        fields: (inout ByteWriter) -> Void
    ) -> Delivery {
        guard isCurrent(serial), !answer.isBegun else { return answer.delivery(at: worker.now) }
        let isSmall = body.readableBytes <= Self.copyLimit
        let out = worker.compose { out in
            writeHead(status, .length(body.readableBytes), into: &out, fields: fields)
            if !isHEAD, isSmall { out.writeImmutableBuffer(body) }
        }
        transport?.write(out)
        if !isHEAD {
            answer.bytesOut = body.readableBytes
            if !isSmall { transport?.write(body) }
        }
        return complete()
    }

    /// Sends a head after which body pieces follow. Chunked, but for HTTP/1.0 clients, whose answer ends with the
    /// connection.
    func beginStream(
        _ serial: UInt64,
        _ status: Int,
        length: Int?,
        first: ByteBuffer?,
        fields: (inout ByteWriter) -> Void
    ) {
        guard isCurrent(serial), !answer.isBegun else { return }
        let framing: BodyFraming = length.map { .length($0) } ?? (isHTTP10 ? .untilClose : .chunked)
        let body = isHEAD ? nil : first.flatMap { $0.readableBytes > 0 ? $0 : nil }
        let isSmall = (body?.readableBytes ?? 0) <= Self.copyLimit
        let out = worker.compose { out in
            writeHead(status, framing, into: &out, fields: fields)
            if isSmall, let body { append(body, framing, to: &out) }
        }
        answer.state = .streaming(framing)
        transport?.write(out)
        if !isSmall, let body { writePiece(body) }
    }

    /// Queues a piece of a streamed body.
    func writePiece(_ bytes: ByteBuffer) {
        guard case .streaming(let framing) = answer.state, bytes.readableBytes > 0, !isHEAD else { return }
        if bytes.readableBytes <= Self.copyLimit {
            // Bytes without framing pass as they are.
            guard framing == .chunked else {
                answer.bytesOut += bytes.readableBytes
                transport?.write(bytes)
                return
            }
            transport?.write(worker.compose { append(bytes, framing, to: &$0) })
            return
        }
        answer.bytesOut += bytes.readableBytes
        guard framing == .chunked else {
            transport?.write(bytes)
            return
        }
        transport?.write(worker.composeChunkSize(bytes.readableBytes))
        transport?.write(bytes)
        transport?.write(Self.lineEnd)
    }

    /// Ends a streamed body cleanly.
    func endStream() -> Delivery {
        guard case .streaming(let framing) = answer.state else { return answer.delivery(at: worker.now) }
        if case .length(let length) = framing, answer.bytesOut != length, !isHEAD {
            cutAnswer(.upstream)
            return answer.delivery(at: worker.now)
        }
        if framing == .chunked, !isHEAD { transport?.write(Self.lastChunk) }
        return complete()
    }

    /// Ends a begun answer in a way the client cannot take for complete.
    func cutAnswer(_ cut: Entry.Cut) {
        guard phase == .exchange, !answer.isComplete else { return }
        answer.keepsConnection = false
        // Only in chunks can something be added to what was announced.
        if case .streaming(.chunked) = answer.state, let words = partner?.lastWords(cut) { writePiece(words) }
        // What was sent so far reaches the client first; without framing only a reset tells that more was to come.
        let needsReset = if case .streaming(.untilClose) = answer.state { true } else { false }
        breakOff(cut)
        if needsReset { transport?.reset() } else { end() }
    }

    func isCurrent(_ serial: UInt64) -> Bool {
        serial == self.serial && phase == .exchange
    }

    func flushAnswer() { transport?.flush() }

    var takesMore: Bool { transport?.isWritable != false }

    private func writeHead(
        _ status: Int,
        _ framing: BodyFraming,
        into out: inout ByteWriter,
        fields: (inout ByteWriter) -> Void
    ) {
        answer.status = status
        answer.firstByte = worker.now
        answer.keepsConnection = keepsConnection(framing)
        out.writeStatusLine(status)
        answer.commonFields.withBytes { out.writeSpan($0) }
        fields(&out)
        switch framing {
        case .length(let length) where status != 204 && status != 304:
            out.writeStaticString("content-length: ")
            out.writeDecimal(length)
            out.writeStaticString("\r\n")
        case .chunked: out.writeStaticString("transfer-encoding: chunked\r\n")
        case .none, .length, .untilClose: break
        }
        if !answer.keepsConnection {
            out.writeStaticString("connection: close\r\n")
        } else if isHTTP10 {
            out.writeStaticString("connection: keep-alive\r\n")
        }
        out.writeStaticString("\r\n")
    }

    /// A connection is kept when both sides can go on: the client wants to, the gate stays, and what is left of the
    /// request's body is known to be little.
    private func keepsConnection(_ framing: BodyFraming) -> Bool {
        guard clientKeeps, framing != .untilClose, !door.isDraining else { return false }
        guard !body.isComplete else { return true }
        guard !body.owesContinue, body.fault == nil else { return false }
        return body.outstanding.map { $0 <= EdgeLimits.drain } ?? true
    }

    private func append(_ bytes: ByteBuffer, _ framing: BodyFraming, to out: inout ByteWriter) {
        answer.bytesOut += bytes.readableBytes
        guard framing == .chunked else {
            out.writeImmutableBuffer(bytes)
            return
        }
        out.writeHexadecimal(bytes.readableBytes)
        out.writeStaticString("\r\n")
        out.writeImmutableBuffer(bytes)
        out.writeStaticString("\r\n")
    }

    private func complete() -> Delivery {
        answer.state = .complete
        transport?.flush()
        let delivery = answer.delivery(at: worker.now)
        answerCompleted()
        return delivery
    }

    /// Pieces up to this many bytes are copied behind their framing: one buffer costs less than three.
    private static let copyLimit = 4096
    private static let lineEnd = ByteBuffer(staticString: "\r\n")
    private static let lastChunk = ByteBuffer(staticString: "0\r\n\r\n")
    static let continueHead = ByteBuffer(staticString: "HTTP/1.1 100 Continue\r\n\r\n")
}
