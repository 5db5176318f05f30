import NIOCore
import OstiaryCore

/// One request to a provider over HTTP/2 and its answer: a stream of a connection that it shares with others.
///
/// Nothing that happens to it touches the others: a client that leaves resets its stream alone, and one that is slow
/// gives no new credit for its stream alone. What has come is counted as taken from the connection at once, so that the
/// memory of a connection is bounded by the windows of its streams.
final class HTTP2ClientExchange: UpstreamExchange, HTTP2StreamOwner {
    /// Interim answers that may come before the answer.
    private static let interimLimit = 32

    let connection: HTTP2ClientConnection
    private var stream: HTTP2Stream?
    private var isHEAD = false
    private var isReused = false
    private var readsBefore: UInt64 = 0
    private var interimHeads = 0
    /// What a body of announced length still has to bring.
    private var outstanding: Int?
    /// Bytes of the body for which the provider gets credit later.
    private var uncredited = 0
    private var isPaused = false

    init(_ connection: HTTP2ClientConnection) {
        self.connection = connection
        super.init(worker: connection.worker, pool: connection.pool)
    }

    private var link: HTTP2Link { connection.link }

    // MARK: The request

    override func send(_ request: UpstreamRequest) -> Bool {
        isReused = connection.hasCarried
        readsBefore = connection.reads
        guard let stream = connection.beginStream(for: self) else {
            refuse(.stale)
            return false
        }
        self.stream = stream
        begin()
        worker.watch(self)
        isHEAD = request.isHEAD
        let hasMore = request.body.readableBytes > 0 || !request.isWhole
        guard sendHead(request, stream, isEnd: !hasMore) else {
            refuse(.gone(GateError(.internalError, cause: "request_head")))
            breakOff()
            return false
        }
        if hasMore { link.sendBody(stream, request.body, isEnd: request.isWhole) }
        return true
    }

    private func sendHead(_ request: UpstreamRequest, _ stream: HTTP2Stream, isEnd: Bool) -> Bool {
        request.head.withReadableSpan { bytes in
            guard let parts = RequestParts(bytes) else { return false }
            link.sendHead(stream, isEnd: isEnd) { out in
                out.writeFieldMethod(bytes.extracting(parts.method))
                out.writeFieldSecureScheme()
                out.writeFieldTarget(authority: bytes.extracting(parts.authority), path: bytes.extracting(parts.path))
                if request.hasBody, let length = request.length { out.writeFieldLength(length) }
            } fields: { lines in
                lines.writeSpan(bytes.extracting(parts.before))
                lines.writeSpan(bytes.extracting(parts.after))
            }
            return true
        }
    }

    override func sendPiece(_ bytes: ByteBuffer, isChunked: Bool) {
        guard let stream, bytes.readableBytes > 0 else { return }
        link.sendBody(stream, bytes, isEnd: false)
    }

    override func sendEnd(isChunked: Bool) {
        if let stream { link.end(stream, .end) }
    }

    override var takesMore: Bool { stream?.takesMore ?? true }
    func madeRoom() { wakeWriter() }

    /// Handed over; the provider may still have to make room for it.
    override func requestSent() {
        if !isRequestSent { waitForRoom() }
    }

    func sentAll() { super.requestSent() }

    /// A provider that takes nothing of a request has as long as one that answers nothing.
    func waitForRoom() {
        if state == .waitingForHead, !isRequestSent { setDeadline(settings.headTime) }
    }

    // MARK: The answer

    func received(_ block: FieldBlock, isEnd: Bool) {
        sawBytes = true
        switch state {
        case .waitingForHead: readHead(block, isEnd: isEnd)
        case .body where !isBodyEnded:
            // Trailers are read for their form and dropped, as those of chunked bodies are.
            let isSound = isEnd && block.fault == nil && block.excess == nil && !block.hasPseudoHeaders
            guard isSound, outstanding ?? 0 == 0 else { return refuseBody() }
            endBody()
        case .body, .idle, .closed: break
        }
    }

    private func readHead(_ block: FieldBlock, isEnd: Bool) {
        do throws(HeadFault) {
            let head = try AnswerHead(block, toHEAD: isHEAD, isEnd: isEnd)
            guard head.status >= 200 else {
                interimHeads += 1
                guard interimHeads <= Self.interimLimit else { throw .malformed("too many interim answers") }
                return
            }
            accept(head)
        } catch {
            refuseAnswer()
            return end(with: .protocolError)
        }
        switch head?.framing {
        case .length(let length): outstanding = length
        case Optional.none, .none?: outstanding = 0
        case .chunked, .untilClose: outstanding = nil
        }
        if isEnd { endBody() } else { awaitBody() }
        settled()
    }

    func received(_ bytes: ByteBuffer, isEnd: Bool) {
        sawBytes = true
        let count = bytes.readableBytes
        link.creditConnection(count)
        switch state {
        case .body where !isBodyEnded: break
        case .waitingForHead:
            refuseAnswer()
            return end(with: .protocolError)
        case .body, .idle, .closed: return
        }
        if let outstanding {
            guard count <= outstanding, !isEnd || count == outstanding else { return refuseBody() }
            self.outstanding = outstanding - count
        }
        if count > 0 {
            uncredited += count
            connection.touch(self)
            deliver(bytes)
            // Whoever took it may have left.
            guard state == .body else { return }
            creditTaken()
        }
        if isEnd { endBody() } else if !isPaused { awaitBody() }
    }

    /// What comes is not the body that was announced.
    private func refuseBody() {
        cutReason = GateError(.upstreamProtocolError, cause: "malformed_body")
        end(with: .protocolError)
    }

    private func endBody() {
        isBodyEnded = true
        judge(.success)
        link.guarding.receivedAnswer()
        let stream = stream
        forget()
        // What of the request was not taken by now never will be.
        if let stream, !stream.isLocalClosed { link.reset(stream, .cancel) }
        let sink = sink
        self.sink = nil
        sink?.ended()
    }

    // MARK: Credit

    override func setReading(_ isReading: Bool) {
        isPaused = !isReading
        creditTaken()
    }

    /// Lets the provider send as much more as somebody took.
    private func creditTaken() {
        guard !isPaused, sink != nil, let stream else { return }
        link.creditStream(uncredited, stream)
        uncredited = 0
    }

    // MARK: The end

    override func breakOff() { end(with: .cancel) }

    /// Ends the stream, and the body with it where that was on its way.
    private func end(with code: HTTP2Code) {
        guard let stream else { return }
        let wasOnItsWay = state == .body && !isBodyEnded
        forget()
        link.reset(stream, code)
        if wasOnItsWay { cutBody() }
    }

    /// The stream is over, whatever became of it.
    private func forget() {
        state = .closed
        stream = nil
        deadline = .never
        if watchIndex >= 0 { worker.unwatch(self) }
        wakeWriter()
    }

    func wasReset(_ code: UInt32?) {
        let before = state
        forget()
        switch before {
        case .waitingForHead:
            let isUntaken =
                code == HTTP2Code.refusedStream.rawValue
                || (code == nil && connection.loss == nil && isReused && connection.reads == readsBefore)
            if isUntaken, !sawBytes { return fail(.stale) }
            judge(.failure)
            let error: GateError.Code = sawBytes ? .upstreamProtocolError : .upstreamUnreachable
            fail(.gone(connection.loss ?? GateError(error, cause: code == nil ? "closed_early" : "stream_reset")))
        case .body where !isBodyEnded:
            if let loss = connection.loss { cutReason = loss }
            cutBody()
        case .body, .idle, .closed: break
        }
    }
}
