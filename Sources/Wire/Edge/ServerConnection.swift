import NIOCore
import OstiaryCore

/// One client connection: reads heads strictly, hands each request to the service, writes the answers in order.
///
/// One exchange at a time: pipelined requests wait in `inbound`, and one of them is begun in a turn of the loop, so that a
/// client which sends many at once takes turns with all others. Everything runs on the worker's loop.
///
/// A client that ends its direction has left, whether it reset the connection or closed it: HTTP/1.1 cannot tell a
/// client that still listens from one that does not, and a provider must not work for nobody.
final class ServerConnection: ServerExchangeState, ServerExchange, TransportOwner, DoorConnection, Gathering {
    enum Phase {
        /// Waiting for, or reading, a request head.
        case head
        /// A request is with the service, or its body is being drained.
        case exchange
        /// The answer is out and no request will follow; what still comes is thrown away.
        case lingering
        case closed
    }

    let service: any EdgeService
    var transport: (any Transport)?
    var watchIndex = -1
    /// When the phase must have gone on.
    var phaseDeadline = MonotonicTime.never
    /// When the client must have taken of what waits for it.
    var sendDeadline = MonotonicTime.never

    var phase = Phase.head
    var inbound = ByteBuffer()
    /// Names the exchange; a handle of an earlier one no longer acts.
    var serial: UInt64 = 0
    var isHTTP10 = false
    /// What the exchange before this one received, for a handle that outlives it by a moment.
    private var receivedBefore = 0
    private var headEnd = HeadEnd()
    private var isLineChecked = false
    private var hasSkippedLine = false
    private(set) var requests = 0
    private var isProcessing = false
    // Requests wait here unread, as the client does not take the answers it has already.
    private var isHeldBack = false
    // A request was begun in this turn of the loop; the others wait for the next.
    private var hasHadTurn = false
    private var isGivingWay = false
    private var drained = 0

    init(
        worker: Worker,
        door: Door,
        peer: Peer,
        certificate: ClientCertificate? = nil,
        service: any EdgeService
    ) {
        self.service = service
        super.init(worker: worker, door: door, peer: peer, certificate: certificate)
    }

    // MARK: Transport

    func attached(to transport: any Transport) {
        self.transport = transport
        worker.watch(self)
        phaseDeadline = now.advanced(bySeconds: door.limits.idleTime)
    }

    func received(_ bytes: ByteBuffer) {
        inbound.takeIn(bytes)
        if !isGivingWay { hasHadTurn = false }
        process()
    }

    func receivedAll() {}

    func writabilityChanged() {
        guard transport?.isWritable == true else {
            sendDeadline = now.advanced(bySeconds: door.limits.sendTime)
            partner?.pause()
            return
        }
        sendDeadline = .never
        partner?.resume()
        wakeWriter()
        if isHeldBack {
            isHeldBack = false
            transport?.setReading(true)
            process()
        }
    }

    func closed(_ error: (any Error)?) {
        guard phase != .closed else { return }
        let wasOpen = phase == .exchange && !answer.isComplete
        phase = .closed
        if watchIndex >= 0 { worker.unwatch(self) }
        door.release(peer)
        transport = nil
        inbound = ByteBuffer()
        if wasOpen { abandon(.client) } else { dropBody() }
    }

    // MARK: Reading

    /// Works through what has come, as far as it goes.
    func process() {
        guard !isProcessing else { return }
        isProcessing = true
        defer { isProcessing = false }
        while inbound.readableBytes > 0 || (phase == .exchange && isExchangeOver) {
            switch phase {
            case .head:
                guard transport?.isWritable == true else { return holdBack() }
                guard !hasHadTurn else { return giveWay() }
                guard readHead() else { return }
                hasHadTurn = true
            case .exchange:
                let before = inbound.readableBytes
                feedBody()
                if isExchangeOver {
                    finishExchange()
                } else if inbound.readableBytes == before || inbound.readableBytes == 0 {
                    return pauseWhenFull()
                }
            case .lingering:
                drained += inbound.readableBytes
                inbound = ByteBuffer()
                if drained > EdgeLimits.drain * 4 { transport?.close() }
                return
            case .closed:
                inbound = ByteBuffer()
                return
            }
        }
    }

    private var isExchangeOver: Bool { answer.isComplete && body.isComplete }

    /// Lets the loop's other connections have their turn before the next request of this one.
    private func giveWay() {
        if inbound.readableBytes > EdgeLimits.bodyWindow { transport?.setReading(false) }
        guard !isGivingWay else { return }
        isGivingWay = true
        worker.loop.gather(self)
    }

    func finishGathering() {
        isGivingWay = false
        hasHadTurn = false
        guard phase == .head, !isHeldBack else { return }
        transport?.setReading(true)
        process()
    }

    /// A client that sends requests and takes no answers gets no more of them made.
    private func holdBack() {
        isHeldBack = true
        phaseDeadline = .never
        transport?.setReading(false)
    }

    /// Reads one head and starts its exchange; false when bytes are missing or the head was refused.
    private func readHead() -> Bool {
        if headEnd.isFresh {
            guard skipEmptyLine() else { return false }
            started = now
            phaseDeadline = started.advanced(bySeconds: door.limits.headTime)
        }
        do throws(HeadFault) {
            let limits = door.limits.head
            let end = try inbound.withReadableSpan { span throws(HeadFault) in try headEnd.find(span) }
            guard let end else {
                try checkBeginning(limits)
                return false
            }
            guard end <= limits.head, let bytes = inbound.readSlice(length: end) else { throw .headTooLarge }
            let head = try RequestHead(bytes, limits: limits)
            begin(head)
            return true
        } catch {
            door.note(error)
            refuse(GateError(fault: error))
            return false
        }
    }

    /// One empty line before a request is tolerated (RFC 9112 section 2.2). False while nothing else has come.
    private func skipEmptyLine() -> Bool {
        guard !hasSkippedLine, inbound.getInteger(at: inbound.readerIndex, as: UInt8.self) == 0x0d else { return true }
        guard inbound.readableBytes >= 2 else { return false }
        guard inbound.getInteger(at: inbound.readerIndex + 1, as: UInt8.self) == 0x0a else { return true }
        inbound.moveReaderIndex(forwardBy: 2)
        hasSkippedLine = true
        return inbound.readableBytes > 0
    }

    /// Refuses a head that can only be refused before all of it has come: a TLS greeting, an HTTP/0.9 line, a flood.
    private func checkBeginning(_ limits: RequestHead.Limits) throws(HeadFault) {
        guard let lineEnd = headEnd.firstLine else {
            let first = inbound.getInteger(at: inbound.readerIndex, as: UInt8.self) ?? 0
            guard OctetClass.token.contains(first) else { throw .malformed("no method") }
            guard inbound.readableBytes <= limits.head else { throw .targetTooLong }
            return
        }
        if !isLineChecked {
            isLineChecked = true
            try inbound.withReadableSpan { span throws(HeadFault) in
                try RequestHeadReader.check(line: span.extracting(0..<lineEnd), limits: limits)
            }
        }
        guard inbound.readableBytes <= limits.head else { throw .headTooLarge }
    }

    private func begin(_ head: RequestHead) {
        startExchange()
        requests += 1
        door.requests.increment()
        body = IncomingBody(head, limits: door.limits)
        isHEAD = head.method == .head
        isHTTP10 = head.isHTTP10
        let limit = door.limits.requestsPerConnection
        clientKeeps = head.keepsConnection && (limit == 0 || requests < limit)
        if limit > 0, requests >= limit { door.reached(.requestsPerConnection) }
        if let length = body.outstanding, length > door.limits.body {
            door.reached(.body)
            return refuse(GateError(.bodyTooLarge), head)
        }
        feedBody()
        // Known to be broken: nobody needs to decide about it, and nothing of it may reach a provider.
        if let fault = body.fault { return refuse(fault, head) }
        if !body.isComplete, !body.owesContinue { awaitBody() }
        let serial = serial
        let request = RequestBody(connection: self, serial: serial)
        service.answer(head, body: request, peer: peer, reply: Reply(connection: self, serial: serial))
    }

    private func startExchange() {
        dropBody()
        receivedBefore = body.received
        serial &+= 1
        phase = .exchange
        phaseDeadline = .never
        answer.reset()
        pace = BodyPace()
        drained = 0
    }

    func unanswered(_ serial: UInt64) {
        guard isCurrent(serial), !answer.isBegun else { return }
        door.unanswered.increment()
        refuse(GateError(.internalError, cause: "unanswered"))
    }

    private func feedBody() {
        guard !body.isComplete, inbound.readableBytes > 0 else { return }
        guard body.fault == nil else { return inbound = ByteBuffer() }
        let isDraining = answer.isComplete
        if isDraining { drained += inbound.readableBytes }
        body.feed(&inbound, limit: door.limits.body, discarding: isDraining)
        if body.fault != nil {
            door.brokenHeads.increment()
            if let limit = body.reached { door.reached(limit) }
            inbound = ByteBuffer()
            clientKeeps = false
            phaseDeadline = .never
            if isDraining { linger() }
        } else if isDraining {
            if drained > EdgeLimits.drain, !body.isComplete { linger() }
        } else if body.isComplete {
            phaseDeadline = .never
        } else {
            awaitBody()
        }
        wakeBodyWaiter()
    }

    private func pauseWhenFull() {
        guard body.pendingBytes > EdgeLimits.bodyWindow || inbound.readableBytes > EdgeLimits.bodyWindow else { return }
        transport?.setReading(false)
        // The gate itself is the slow one now; the client is not to be blamed for the silence.
        if !answer.isComplete {
            pace.pause(at: now)
            phaseDeadline = .never
        }
    }

    // MARK: The end of an exchange

    /// Answers a request that no service will see, and closes.
    func refuse(_ error: GateError, _ head: RequestHead? = nil) {
        if phase != .exchange {
            startExchange()
            body = IncomingBody()
            isHEAD = false
            isHTTP10 = false
        }
        clientKeeps = false
        body.fail(error)
        wakeBodyWaiter()
        let refusal = service.refusal(error, to: head, started: started, peer: peer)
        _ = sendWhole(serial, refusal.status, body: ByteBuffer(bytes: refusal.body)) {
            $0.writeBytes(refusal.fieldLines)
        }
        if phase == .exchange { linger() }
    }

    /// The answer is out and the body in: on to the next request, or the end.
    private func finishExchange() {
        task = nil
        guard answer.keepsConnection else {
            // Closed with bytes unread, the kernel would reset and the answer might be lost on its way.
            return inbound.readableBytes > 0 ? linger() : end()
        }
        phase = .head
        body.discard()
        headEnd.reset()
        isLineChecked = false
        hasSkippedLine = false
        if inbound.readableBytes == 0 { inbound = ByteBuffer() }
        // Who was told that the connection is kept, and may be sending, is told otherwise by one more answer.
        phaseDeadline = now.advanced(bySeconds: door.isDraining ? EdgeLimits.lastCall : door.limits.idleTime)
        transport?.setReading(true)
    }

    /// Called when an answer is complete.
    func answerCompleted() {
        guard !body.isComplete || body.fault != nil else { return process() }
        guard body.fault == nil, answer.keepsConnection else { return linger() }
        body.discard()
        phaseDeadline = now.advanced(bySeconds: EdgeLimits.lingerTime)
        transport?.setReading(true)
        process()
    }

    /// Ends our direction and throws away what still comes, so that the answer is not lost to a reset.
    private func linger() {
        guard phase == .exchange else { return }
        phase = .lingering
        drained = 0
        inbound = ByteBuffer()
        dropBody()
        phaseDeadline = now.advanced(bySeconds: EdgeLimits.lingerTime)
        transport?.setReading(true)
        transport?.finishWriting()
    }

    /// Sends what is queued and closes; a client that does not take it in time is cut off.
    func end() {
        phase = .lingering
        inbound = ByteBuffer()
        dropBody()
        phaseDeadline = now.advanced(bySeconds: door.limits.sendTime)
        transport?.close()
    }

    /// Tells everybody who works for this exchange that it is over, the service too.
    func abandon(_ cut: Entry.Cut) {
        breakOff(cut)
        task?.cancel()
        task = nil
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

    /// Nobody gets the rest of the body; whoever waits for it learns that.
    private func dropBody() {
        body.fail(GateError(.clientGone))
        wakeBodyWaiter()
    }

    /// Body bytes that an exchange received.
    func received(by serial: UInt64) -> Int {
        serial == self.serial ? body.received : serial &+ 1 == self.serial ? receivedBefore : 0
    }
}
