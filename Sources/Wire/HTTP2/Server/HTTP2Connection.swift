import NIOCore
import OstiaryCore

/// One client connection that speaks HTTP/2: each stream that the client opens is an exchange of its own, held to the
/// same limits and time-outs as one over HTTP/1.1.
final class HTTP2Connection: TransportOwner, DoorConnection, HTTP2LinkOwner {
    enum Phase {
        case open
        /// The client has been told that the connection ends; the streams it opened before it knew are still served.
        case leaving
        /// No stream is taken any more; those that are open go on.
        case left
        /// All is said; what still comes is thrown away.
        case lingering
        case closed
    }

    let worker: Worker
    let door: Door
    let peer: Peer
    let certificate: ClientCertificate?
    let service: any EdgeService
    private(set) lazy var link = HTTP2Link(.server, worker: worker, owner: self, limits: Self.limits(door.limits))
    private var transport: (any Transport)?
    private(set) var phase = Phase.open
    var watchIndex = -1
    private var phaseDeadline = MonotonicTime.never
    private var headDeadline = MonotonicTime.never
    private var sendDeadline = MonotonicTime.never
    /// No deadline of a stream is before this.
    private var nextStreamDeadline = MonotonicTime.never
    /// Exchanges that somebody still works for. A client that opens streams and resets them has no more of them made
    /// than one that waits.
    private(set) var running = 0
    private var requests = 0
    /// Exchanges that came in this breath and wait for the rest of it.
    private var held: [HTTP2Exchange] = []

    init(worker: Worker, door: Door, peer: Peer, certificate: ClientCertificate?, service: any EdgeService) {
        self.worker = worker
        self.door = door
        self.peer = peer
        self.certificate = certificate
        self.service = service
    }

    private static func limits(_ limits: EdgeLimits) -> FieldBlock.Limits {
        FieldBlock.Limits(bytes: limits.head.head, fields: limits.head.fields)
    }

    private var now: MonotonicTime { worker.clock.monotonic }

    // MARK: Transport

    func attached(to transport: any Transport) {
        self.transport = transport
        worker.watch(self)
        door.http2.connections.add(1)
        link.start(on: transport, streamLimit: streamLimit)
        headDeadline = now.advanced(bySeconds: door.limits.headTime)
        phaseDeadline = now.advanced(bySeconds: door.limits.idleTime)
    }

    func received(_ bytes: ByteBuffer) {
        link.received(bytes)
    }

    func receivedAll() {
        startHeld()
        link.flushSoon()
        guard phase != .closed, phase != .lingering else { return }
        if !link.isInsideHead {
            headDeadline = .never
        } else if headDeadline == .never {
            headDeadline = now.advanced(bySeconds: door.limits.headTime)
        }
        if phase == .open, door.isDraining { drain() }
    }

    func writabilityChanged() {
        guard let transport else { return }
        guard transport.isWritable else {
            sendDeadline = now.advanced(bySeconds: door.limits.sendTime)
            // A client that takes no answers has no more of its requests read.
            transport.setReading(false)
            return
        }
        sendDeadline = .never
        transport.setReading(true)
        link.pump()
        link.flush()
    }

    func closed(_ error: (any Error)?) {
        guard phase != .closed else { return }
        phase = .closed
        if watchIndex >= 0 {
            worker.unwatch(self)
            door.http2.connections.add(-1)
        }
        door.release(peer)
        transport = nil
        held = []
        link.gone()
    }

    // MARK: Streams

    let streamLimit = HTTP2Figures.streamLimit

    func opened(_ stream: HTTP2Stream, _ block: FieldBlock, isEnd: Bool) throws(HTTP2Fault) {
        guard phase == .open || phase == .leaving, running < streamLimit else {
            if phase == .open || phase == .leaving { try link.guarding.spendStream(at: now) }
            return link.reset(stream, .refusedStream)
        }
        if phase == .open { phaseDeadline = .never }
        stream.isServed = true
        door.http2.streams.add(1)
        let exchange = HTTP2Exchange(connection: self, stream: stream)
        stream.owner = exchange
        do throws(RequestBlockFault) {
            let head = try RequestHead(block, isEnd: isEnd, limits: door.limits.head)
            requests += 1
            exchange.begin(head, isEnd: isEnd)
        } catch {
            switch error {
            case .refused(let fault):
                door.note(fault)
                exchange.refuse(GateError(fault: fault))
            case .malformed(let why):
                door.note(.malformed(why))
                _ = service.refusal(
                    GateError(fault: .malformed(why)),
                    to: nil,
                    started: exchange.started,
                    peer: peer
                )
                link.reset(stream, .protocolError)
                try link.guarding.spendStream(at: now)
            }
        }
        let limit = door.limits.requestsPerConnection
        if phase == .open, limit > 0, requests >= limit {
            door.reached(.requestsPerConnection)
            drain()
        }
    }

    func closed(_ stream: HTTP2Stream) {
        if stream.isServed { door.http2.streams.add(-1) }
        guard link.streams.isEmpty else { return }
        switch phase {
        case .open: phaseDeadline = now.advanced(bySeconds: door.limits.idleTime)
        case .left: finish()
        case .leaving, .lingering, .closed: break
        }
    }

    /// Has this exchange started when all that is at hand has been read.
    func start(_ exchange: HTTP2Exchange) { held.append(exchange) }

    private func startHeld() {
        while !held.isEmpty {
            let exchanges = held
            held.removeAll(keepingCapacity: true)
            for exchange in exchanges { exchange.start() }
        }
    }

    func began() { running += 1 }
    func returned() { running -= 1 }

    /// A stream must have gone on by then.
    func expect(by deadline: MonotonicTime) {
        nextStreamDeadline = min(nextStreamDeadline, deadline)
    }

    func blocked(_ stream: HTTP2Stream) {
        expect(by: now.advanced(bySeconds: door.limits.sendTime))
    }

    // MARK: The end

    func peerLeaves(last: Int32, code: UInt32) {}
    func settled() {}

    func failed(_ fault: HTTP2Fault) {
        door.http2.count(fault)
        for stream in Array(link.streams.values) { link.close(stream)?.wasReset(nil) }
        linger()
    }

    /// Tells the client to open no more streams. It may have done so already, so those that come before it has answered
    /// are served (RFC 9113 section 6.8).
    func announceEnd() {
        guard phase == .open else { return }
        phase = .leaving
        link.announceLeaving()
        phaseDeadline = now.advanced(bySeconds: EdgeLimits.lingerTime)
    }

    func drain() {
        guard phase == .open else { return }
        guard link.streams.isEmpty else { return announceEnd() }
        leave()
    }

    func pingAnswered() {
        if phase == .leaving { leave() }
    }

    private func leave() {
        phase = .left
        phaseDeadline = .never
        link.sayGoodbye(.noError)
        if link.streams.isEmpty { finish() }
    }

    private func finish() {
        link.stop()
        linger()
    }

    /// Ends our direction and throws away what still comes, so that the last frames are not lost to a reset.
    private func linger() {
        guard phase != .lingering, phase != .closed else { return }
        phase = .lingering
        headDeadline = .never
        phaseDeadline = now.advanced(bySeconds: EdgeLimits.lingerTime)
        link.flush()
        transport?.setReading(true)
        transport?.finishWriting()
    }

    func cutOff() {
        for stream in Array(link.streams.values) { (stream.owner as? HTTP2Exchange)?.abandon(.shutdown) }
        guard phase != .closed else { return }
        transport?.reset()
    }

    // MARK: Deadlines

    var deadline: MonotonicTime { min(min(phaseDeadline, headDeadline), min(sendDeadline, nextStreamDeadline)) }

    func deadlinePassed(_ now: MonotonicTime) {
        guard sendDeadline > now else {
            // The client takes nothing: for all the gate can know it has left.
            sendDeadline = .never
            door.reached(.sendIdle)
            transport?.reset()
            return
        }
        if headDeadline <= now {
            headDeadline = .never
            door.reached(.headerTimeout)
            link.fail(HTTP2Fault(.noError, "a head took too long"))
            return
        }
        if phaseDeadline <= now {
            phaseDeadline = .never
            switch phase {
            case .open:
                door.reached(.idle)
                leave()
            case .leaving: leave()
            case .lingering: transport?.close()
            case .left, .closed: break
            }
        }
        if nextStreamDeadline <= now {
            nextStreamDeadline = .never
            for stream in Array(link.streams.values) {
                guard let exchange = stream.owner as? HTTP2Exchange else { continue }
                if exchange.deadline <= now { exchange.deadlinePassed(now) }
                expect(by: exchange.deadline)
            }
        }
    }
}
