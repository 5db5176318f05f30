import NIOCore
import OstiaryCore

// Writing answers: what HTTP/1.1 says with framing, a stream says with its end.
extension HTTP2Exchange {
    func sendWhole(
        _ serial: UInt64,
        _ status: Int,
        body: ByteBuffer,
        fields: (inout ByteWriter) -> Void
    ) -> Delivery {
        guard !isOver, !answer.isBegun else { return delivery }
        let isEmpty = isHEAD || body.readableBytes == 0
        answer.state = .complete
        sendHead(status, length: body.readableBytes, isEnd: isEmpty, fields)
        if !isEmpty {
            answer.bytesOut = body.readableBytes
            link.sendBody(stream, body, isEnd: true)
        }
        return complete()
    }

    func beginStream(
        _ serial: UInt64,
        _ status: Int,
        length: Int?,
        first: ByteBuffer?,
        fields: (inout ByteWriter) -> Void
    ) {
        guard !isOver, !answer.isBegun else { return }
        announced = length
        answer.state = .streaming(length.map { .length($0) } ?? .chunked)
        sendHead(status, length: length, isEnd: false, fields)
        if let first { writePiece(first) }
    }

    func writePiece(_ bytes: ByteBuffer) {
        guard case .streaming = answer.state, bytes.readableBytes > 0, !isHEAD else { return }
        answer.bytesOut += bytes.readableBytes
        link.sendBody(stream, bytes, isEnd: false)
    }

    func endStream() -> Delivery {
        guard case .streaming = answer.state else { return delivery }
        if let announced, answer.bytesOut != announced, !isHEAD {
            cutAnswer(.upstream)
            return delivery
        }
        link.end(stream, .end)
        return complete()
    }

    func cutAnswer(_ cut: Entry.Cut) {
        guard !isOver, !answer.isComplete else { return }
        if announced == nil, let words = partner?.lastWords(cut) { writePiece(words) }
        breakOff(cut)
        // What was sent so far reaches the client first.
        link.end(stream, .reset(.internalError))
        answerCompleted()
    }

    func flushAnswer() { link.flushSoon() }

    var takesMore: Bool { stream.takesMore }

    private func sendHead(_ status: Int, length: Int?, isEnd: Bool, _ fields: (inout ByteWriter) -> Void) {
        answer.status = status
        answer.firstByte = now
        link.sendHead(stream, isEnd: isEnd) { out in
            out.writeFieldStatus(status)
            if let length, status != 204, status != 304 { out.writeFieldLength(length) }
        } fields: { lines in
            answer.commonFields.withBytes { lines.writeSpan($0) }
            fields(&lines)
        }
    }

    private func complete() -> Delivery {
        answer.state = .complete
        let delivery = delivery
        answerCompleted()
        return delivery
    }

    private var delivery: Delivery { answer.delivery(at: now) }
}
