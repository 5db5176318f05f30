import NIOCore
import OstiaryCore

/// One client connection: reads heads strictly, hands each request to the service, writes the answers in order.
///
/// One exchange at a time: pipelined requests wait in `inbound`. Everything runs on the worker's loop.
final class ServerConnection: TransportOwner, Watched {
    enum Phase {
        /// Waiting for, or reading, a request head.
        case head
        /// A request is with the service, or its body is being drained.
        case exchange
        /// The answer is out and no request will follow; what still comes is thrown away.
        case lingering
        case closed
    }

    let worker: Worker
    let door: Door
    let peer: Peer
    let service: any EdgeService
    var transport: (any Transport)?
    var deadline = MonotonicTime.never
    var watchIndex = -1

    var phase = Phase.head
    var inbound = ByteBuffer()
    var body = IncomingBody()
    var answer = OutgoingAnswer()
    /// Names the exchange; a handle of an earlier one no longer acts.
    var serial: UInt64 = 0
    var started = MonotonicTime(nanoseconds: 0)
    var isHEAD = false
    var isHTTP10 = false
    var clientKeeps = true
    /// Who works for this exchange on the provider's side.
    var partner: (any Partner)?
    private var task: Task<Void, Never>?
    private var headEnd = HeadEnd()
    private var requests = 0
    private var isProcessing = false
    private var drained = 0

    init(worker: Worker, door: Door, peer: Peer, service: any EdgeService) {
        self.worker = worker
        self.door = door
        self.peer = peer
        self.service = service
    }

    func attached(to transport: any Transport) {
        self.transport = transport
        worker.watch(self)
        deadline = worker.clock.monotonic.advanced(bySeconds: door.limits.idleTime)
    }

    func received(_ bytes: ByteBuffer) {
        if inbound.readableBytes == 0 {
            inbound = bytes
        } else {
            inbound.writeImmutableBuffer(bytes)
        }
        process()
    }

    func receivedAll() {}

    func writabilityChanged() {
        guard transport?.isWritable == true else {
            partner?.pause()
            return
        }
        partner?.resume()
        if let waiter = answer.writableWaiter {
            answer.writableWaiter = nil
            waiter.resume()
        }
    }

    func closed(_ error: (any Error)?) {
        guard phase != .closed else { return }
        let wasOpen = phase == .exchange && !answer.isComplete
        phase = .closed
        if watchIndex >= 0 { worker.unwatch(self) }
        door.release(peer)
        transport = nil
        if wasOpen { abandon(.client) }
    }

    func deadlinePassed(_ now: MonotonicTime) {
        deadline = .never
        switch phase {
        case .head where inbound.readableBytes > 0:
            refuse(GateError(.requestTimeout, cause: "head_timeout"))
        case .exchange where !body.isComplete && !answer.isComplete:
            failBody(GateError(.requestTimeout, cause: "body_timeout"))
        case .head, .exchange, .lingering:
            transport?.close()
        case .closed:
            break
        }
    }

    /// Ends an idle connection; one with an exchange goes on and is not kept afterwards.
    func drain() {
        if phase == .head, inbound.readableBytes == 0 { transport?.close() }
    }

    /// Ends the connection now, in a way the client cannot take for a complete answer.
    func cutOff() {
        guard phase == .exchange, !answer.isComplete else {
            transport?.close()
            return
        }
        answer.cut = .shutdown
        abandon(.shutdown)
        transport?.reset()
    }

    /// Works through what has come, as far as it goes.
    func process() {
        guard !isProcessing else { return }
        isProcessing = true
        defer { isProcessing = false }
        while inbound.readableBytes > 0 || (phase == .exchange && isExchangeOver) {
            switch phase {
            case .head:
                guard readHead() else { return }
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
                inbound.clear()
                if drained > EdgeLimits.drain * 4 { transport?.close() }
                return
            case .closed:
                inbound.clear()
                return
            }
        }
    }

    private var isExchangeOver: Bool { answer.isComplete && body.isComplete }

    /// Reads one head and starts its exchange; false when bytes are missing or the head was refused.
    private func readHead() -> Bool {
        if headEnd.isFresh {
            // One empty line before a request is tolerated (RFC 9112 section 2.2).
            if inbound.readableBytes >= 2, inbound.getInteger(at: inbound.readerIndex, as: UInt16.self) == 0x0d0a {
                inbound.moveReaderIndex(forwardBy: 2)
                guard inbound.readableBytes > 0 else { return false }
            }
            started = worker.clock.monotonic
            deadline = started.advanced(bySeconds: door.limits.headTime)
        }
        do throws(HeadFault) {
            let end = try inbound.withReadableSpan { span throws(HeadFault) in try headEnd.find(span) }
            guard let end else {
                if inbound.readableBytes > door.limits.head.head { throw .headTooLarge }
                return false
            }
            guard end <= door.limits.head.head, let bytes = inbound.readSlice(length: end) else { throw .headTooLarge }
            let head = try RequestHead(bytes, limits: door.limits.head)
            begin(head)
            return true
        } catch {
            door.brokenHeads.increment()
            refuse(GateError(fault: error))
            return false
        }
    }

    private func begin(_ head: RequestHead) {
        serial &+= 1
        requests += 1
        door.requests.increment()
        phase = .exchange
        deadline = .never
        answer.reset()
        body = IncomingBody(head)
        isHEAD = head.method == .head
        isHTTP10 = head.isHTTP10
        let limit = door.limits.requestsPerConnection
        clientKeeps = head.keepsConnection && (limit == 0 || requests < limit)
        drained = 0
        if let length = body.outstanding, length > door.limits.body { return refuse(GateError(.bodyTooLarge)) }
        feedBody()
        let serial = serial
        let request = RequestBody(connection: self, serial: serial)
        task = worker.run { [self] in
            await service.answer(head, body: request, peer: peer, reply: Reply(connection: self, serial: serial))
            returned(serial)
        }
    }

    /// The service is done; an answer that it did not give is a fault of the gate.
    private func returned(_ serial: UInt64) {
        guard serial == self.serial else { return }
        task = nil
        guard phase == .exchange, !answer.isComplete else { return }
        door.unanswered.increment()
        if answer.isBegun { cutAnswer(.gate) } else { refuse(GateError(.internalError, cause: "unanswered")) }
    }

    private func feedBody() {
        guard !body.isComplete, inbound.readableBytes > 0 else { return }
        let isDraining = answer.isComplete
        if isDraining { drained += inbound.readableBytes }
        body.feed(&inbound, limit: door.limits.body, discarding: isDraining)
        if body.fault != nil {
            door.brokenHeads.increment()
            inbound.clear()
            clientKeeps = false
            if isDraining { transport?.close() }
        } else if isDraining, drained > EdgeLimits.drain, !body.isComplete {
            linger()
        }
        deadline =
            body.isComplete ? .never : worker.clock.monotonic.advanced(bySeconds: door.limits.bodyIdleTime)
        wakeBodyWaiter()
    }

    private func pauseWhenFull() {
        if body.pendingBytes > EdgeLimits.bodyWindow || inbound.readableBytes > EdgeLimits.bodyWindow {
            transport?.setReading(false)
            // The gate itself is the slow one now; the client is not to be blamed for the silence.
            deadline = .never
        }
    }

    func wakeBodyWaiter() {
        guard let waiter = body.waiter else { return }
        body.waiter = nil
        waiter.resume()
    }

    private func failBody(_ error: GateError) {
        clientKeeps = false
        body.fail(error)
        wakeBodyWaiter()
    }

    /// Answers a request that no service will see, and closes.
    private func refuse(_ error: GateError) {
        if phase != .exchange {
            serial &+= 1
            answer.reset()
            isHEAD = false
            isHTTP10 = false
            phase = .exchange
        }
        clientKeeps = false
        if body.isComplete { body = IncomingBody() }
        body.fail(error)
        let refusal = service.refusal(error, started: started, peer: peer)
        _ = sendWhole(serial, refusal.status, body: ByteBuffer(bytes: refusal.body)) {
            $0.writeBytes(refusal.fieldLines)
        }
        if phase == .exchange { linger() }
    }

    /// The answer is out and the body in: on to the next request, or the end.
    private func finishExchange() {
        task = nil
        guard answer.keepsConnection else {
            phase = .lingering
            transport?.close()
            return
        }
        phase = .head
        headEnd.reset()
        deadline = worker.clock.monotonic.advanced(bySeconds: door.limits.idleTime)
        transport?.setReading(true)
        if door.isDraining, inbound.readableBytes == 0 { transport?.close() }
    }

    /// Called when an answer is complete.
    func answerCompleted() {
        if body.isComplete || body.fault == nil, answer.keepsConnection {
            if !body.isComplete {
                transport?.setReading(true)
                deadline = worker.clock.monotonic.advanced(bySeconds: EdgeLimits.lingerTime)
            }
            process()
        } else if body.isComplete, body.fault == nil {
            process()
        } else {
            linger()
        }
    }

    /// Ends our direction and throws away what still comes, so that the answer is not lost to a reset.
    private func linger() {
        guard phase == .exchange else { return }
        phase = .lingering
        drained = 0
        inbound.clear()
        deadline = worker.clock.monotonic.advanced(bySeconds: EdgeLimits.lingerTime)
        transport?.setReading(true)
        transport?.finishWriting()
    }

    /// Tells everybody who works for this exchange that it is over.
    func abandon(_ cut: Entry.Cut) {
        if answer.cut == nil { answer.cut = cut }
        answer.state = .complete
        body.fail(GateError(.clientGone))
        wakeBodyWaiter()
        if let partner {
            self.partner = nil
            partner.abandoned()
        }
        if let waiter = answer.writableWaiter {
            answer.writableWaiter = nil
            waiter.resume()
        }
        task?.cancel()
        task = nil
    }
}
