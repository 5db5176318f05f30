import NIOCore
import OstiaryCore

// Writing answers: framing is announced once, and an answer that cannot be completed never ends cleanly.
extension ServerConnection {
    /// Sends a complete answer. Does nothing for an exchange that is over.
    func sendWhole(
        _ serial: UInt64,
        _ status: Int,
        body: ByteBuffer,
        fields: (inout ByteBuffer) -> Void
    ) -> Delivery {
        guard isCurrent(serial), !answer.isBegun else { return answer.delivery(at: worker.clock.monotonic) }
        var out = worker.buffer(capacity: 512 + body.readableBytes)
        writeHead(status, .length(body.readableBytes), into: &out, fields: fields)
        if !isHEAD {
            answer.bytesOut = body.readableBytes
            if body.readableBytes <= Self.copyLimit {
                out.writeImmutableBuffer(body)
                transport?.write(out)
            } else {
                transport?.write(out)
                transport?.write(body)
            }
        } else {
            transport?.write(out)
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
        fields: (inout ByteBuffer) -> Void
    ) {
        guard isCurrent(serial), !answer.isBegun else { return }
        let framing: BodyFraming = length.map { .length($0) } ?? (isHTTP10 ? .untilClose : .chunked)
        var out = worker.buffer(capacity: 512 + min(first?.readableBytes ?? 0, Self.copyLimit) + 16)
        writeHead(status, framing, into: &out, fields: fields)
        answer.state = .streaming(framing)
        guard let first, first.readableBytes > 0, !isHEAD else {
            transport?.write(out)
            return
        }
        if first.readableBytes <= Self.copyLimit {
            append(first, framing, to: &out)
            transport?.write(out)
        } else {
            transport?.write(out)
            writePiece(first)
        }
    }

    /// Queues a piece of a streamed body.
    func writePiece(_ bytes: ByteBuffer) {
        guard case .streaming(let framing) = answer.state, bytes.readableBytes > 0, !isHEAD else { return }
        if bytes.readableBytes <= Self.copyLimit {
            var out = worker.buffer(capacity: bytes.readableBytes + 24)
            append(bytes, framing, to: &out)
            transport?.write(out)
            return
        }
        answer.bytesOut += bytes.readableBytes
        guard framing == .chunked else {
            transport?.write(bytes)
            return
        }
        var size = worker.buffer(capacity: 24)
        size.writeHexadecimal(bytes.readableBytes)
        size.writeStaticString("\r\n")
        transport?.write(size)
        transport?.write(bytes)
        transport?.write(Self.lineEnd)
    }

    /// Ends a streamed body cleanly.
    func endStream() -> Delivery {
        guard case .streaming(let framing) = answer.state else { return answer.delivery(at: worker.clock.monotonic) }
        if case .length(let length) = framing, answer.bytesOut != length, !isHEAD {
            cutAnswer(.upstream)
            return answer.delivery(at: worker.clock.monotonic)
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

    private func writeHead(
        _ status: Int,
        _ framing: BodyFraming,
        into out: inout ByteBuffer,
        fields: (inout ByteBuffer) -> Void
    ) {
        answer.status = status
        answer.firstByte = worker.clock.monotonic
        answer.keepsConnection = keepsConnection(framing)
        out.writeStatusLine(status)
        out.writeImmutableBuffer(answer.commonFields)
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

    private func append(_ bytes: ByteBuffer, _ framing: BodyFraming, to out: inout ByteBuffer) {
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
        let delivery = answer.delivery(at: worker.clock.monotonic)
        answerCompleted()
        return delivery
    }

    /// Pieces up to this many bytes are copied behind their framing: one buffer costs less than three.
    private static let copyLimit = 4096
    private static let lineEnd = ByteBuffer(staticString: "\r\n")
    private static let lastChunk = ByteBuffer(staticString: "0\r\n\r\n")
    static let continueHead = ByteBuffer(staticString: "HTTP/1.1 100 Continue\r\n\r\n")
}
