import NIOCore
import OstiaryCore

/// One request over HTTP/2 and its answer: a stream, seen from the service.
final class HTTP2Exchange: ServerExchangeState, ServerExchange, HTTP2StreamOwner {
    let connection: HTTP2Connection
    let stream: HTTP2Stream
    /// Whether no handle acts any more.
    private(set) var isOver = false
    private var isCounted = false
    /// The request, until the service has it.
    private var held: RequestHead?
    /// Body bytes for which the client has credit again.
    private var credited = 0
    private var bodyDeadline = MonotonicTime.never
    /// The length that a streamed answer announced.
    var announced: Int?

    init(connection: HTTP2Connection, stream: HTTP2Stream) {
        self.connection = connection
        self.stream = stream
        super.init(
            worker: connection.worker,
            door: connection.door,
            peer: connection.peer,
            certificate: connection.certificate
        )
        started = now
    }

    var link: HTTP2Link { connection.link }

    /// Takes the request in. The service gets it when its body is complete or when all that came with it has been read,
    /// whichever is first: most bodies come together with their head, and a service that has all of a body need not wait
    /// for it.
    func begin(_ head: RequestHead, isEnd: Bool) {
        door.requests.increment()
        body = IncomingBody(unframed: head, isEnded: isEnd)
        isHEAD = head.method == .head
        if let length = body.outstanding, length > door.limits.body {
            door.reached(.body)
            return refuse(GateError(.bodyTooLarge), head)
        }
        connection.began()
        isCounted = true
        held = head
        guard !body.isComplete else { return start() }
        if !body.owesContinue { awaitBody() }
        connection.start(self)
    }

    /// Hands the request to the service, unless the stream has ended by now.
    func start() {
        guard let head = held else { return }
        held = nil
        guard !isOver else { return }
        let request = RequestBody(connection: self, serial: 0)
        connection.service.answer(head, body: request, peer: peer, reply: Reply(connection: self, serial: 0))
    }

    // Nobody works for it any more: whoever did held on to it.
    deinit {
        if isCounted { connection.returned() }
    }

    /// Answers a request that no service will see.
    func refuse(_ error: GateError, _ head: RequestHead? = nil) {
        body.fail(error)
        wakeBodyWaiter()
        let refusal = connection.service.refusal(error, to: head, started: started, peer: peer)
        _ = sendWhole(0, refusal.status, body: ByteBuffer(bytes: refusal.body)) { $0.writeBytes(refusal.fieldLines) }
    }

    func unanswered(_ serial: UInt64) {
        guard !isOver, !answer.isBegun else { return }
        door.unanswered.increment()
        refuse(GateError(.internalError, cause: "unanswered"))
    }

    // MARK: The stream

    /// Trailers: they are read for their form and dropped, as those of chunked bodies are.
    func received(_ block: FieldBlock, isEnd: Bool) {
        guard isEnd, block.fault == nil, !block.hasPseudoHeaders, block.excess == nil else { return breakStream() }
        received(ByteBuffer(), isEnd: true)
    }

    func received(_ bytes: ByteBuffer, isEnd: Bool) {
        guard !answer.isComplete, body.fault == nil else { return drain(bytes, isEnd: isEnd) }
        guard body.append(bytes, limit: door.limits.body, discarding: false) else { return breakStream() }
        if isEnd, !body.end() { return breakStream() }
        if body.fault != nil {
            door.brokenHeads.increment()
            if let limit = body.reached { door.reached(limit) }
            bodyDeadline = .never
            creditTaken()
        } else if body.isComplete {
            bodyDeadline = .never
        } else if body.pendingBytes >= HTTP2Link.streamWindow / 2 {
            // The gate itself is the slow one now; the client is not to be blamed for the silence.
            pace.pause(at: now)
            bodyDeadline = .never
        } else {
            awaitBody()
        }
        if body.isComplete { start() }
        wakeBodyWaiter()
    }

    /// Bytes that nobody will read: the connection's window gets them back, the stream's does not.
    private func drain(_ bytes: ByteBuffer, isEnd: Bool) {
        link.credit(bytes.readableBytes, nil)
        if isEnd { bodyDeadline = .never }
    }

    /// The body is not what was declared.
    private func breakStream() {
        door.brokenHeads.increment()
        abandon(.client)
        link.punish(stream)
    }

    func madeRoom() {
        partner?.resume()
        wakeWriter()
    }

    /// The answer is out. A body that still comes has a moment to end by itself: few clients understand a reset behind
    /// a complete answer.
    func sentAll() {
        link.guarding.answered()
        guard !stream.isRemoteClosed else { return }
        let isLong = (body.outstanding ?? 0) > stream.receiveWindow
        guard !isLong, !body.owesContinue else { return link.reset(stream, .noError) }
        bodyDeadline = now.advanced(bySeconds: EdgeLimits.lingerTime)
        connection.expect(by: bodyDeadline)
    }

    func wasReset(_ code: UInt32?) {
        bodyDeadline = .never
        if answer.isComplete { end() } else { abandon(.client) }
    }

    // MARK: Deadlines

    var deadline: MonotonicTime {
        guard let since = stream.blockedSince else { return bodyDeadline }
        return min(bodyDeadline, since.advanced(bySeconds: door.limits.sendTime))
    }

    func deadlinePassed(_ now: MonotonicTime) {
        if bodyDeadline <= now {
            bodyDeadline = .never
            if answer.isComplete { return link.reset(stream, .noError) }
            if !body.isComplete {
                door.reached(pace.nearest)
                body.fail(GateError(.requestTimeout, cause: "body_timeout"))
                wakeBodyWaiter()
            }
        }
        if let since = stream.blockedSince, since.advanced(bySeconds: door.limits.sendTime) <= now {
            // The client takes nothing of this answer.
            door.reached(.sendIdle)
            if !answer.isComplete { abandon(.client) }
            link.reset(stream, .cancel)
        }
    }

    /// Waits for more of the body, no longer than the client may take.
    private func awaitBody() {
        bodyDeadline = pace.wait(from: now, received: body.received, limits: door.limits)
        connection.expect(by: bodyDeadline)
    }

    // MARK: The body

    func isCurrent(_ serial: UInt64) -> Bool { !isOver }
    func received(by serial: UInt64) -> Int { body.received }

    func resumeBody() {
        if !body.isComplete, body.fault == nil, !answer.isComplete { awaitBody() }
        creditTaken()
    }

    func sendContinueIfOwed() {
        guard body.owesContinue, !answer.isBegun else { return }
        body.owesContinue = false
        link.sendHead(stream, isEnd: false, pseudo: { $0.writeFieldStatus(100) })
        awaitBody()
    }

    /// Gives the client credit for what was taken of the body.
    private func creditTaken() {
        let count = body.received - body.pendingBytes - credited
        credited += count
        link.credit(count, stream)
    }

    // MARK: The end

    /// Tells everybody who works for this exchange that it is over, the service too.
    func abandon(_ cut: Entry.Cut) {
        breakOff(cut)
        task?.cancel()
        task = nil
        end()
    }

    /// Marks the answer as cut and tells everybody who works for it but the service, which may be the one that asks.
    func breakOff(_ cut: Entry.Cut) {
        if answer.cut == nil { answer.cut = cut }
        answer.state = .complete
        dropBody()
        if let partner {
            self.partner = nil
            partner.abandoned()
        }
        wakeWriter()
    }

    /// Called when an answer is complete.
    func answerCompleted() {
        if !clientKeeps { connection.drain() }
        dropBody()
        end()
    }

    private func end() {
        isOver = true
        dropBody()
    }

    /// Nobody gets the rest of the body; whoever waits for it learns that.
    private func dropBody() {
        body.fail(GateError(.clientGone))
        creditTaken()
        wakeBodyWaiter()
    }
}
