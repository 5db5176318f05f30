import NIOCore
import OstiaryCore

/// One connection to a provider over HTTP/2: carries as many requests at once as the provider takes, up to a bound of
/// the gate's own, and is used by one worker for one target, so that no two credentials share it (SEC-509).
final class HTTP2ClientConnection: TransportOwner, Watched, HTTP2LinkOwner {
    /// The most requests at once, whatever the provider takes. Times a stream's window it bounds what slow clients can
    /// make the gate hold.
    static let streamBound = 256
    /// Seconds after which a provider that says nothing while something is asked of it is asked for a sign of life, and
    /// how long it has for that.
    private static let quietTime = 15.0
    private static let pingTime = 10.0
    /// Seconds until a connection that is closed has to be gone.
    private static let closingTime = 5.0

    private enum Phase {
        case open
        /// Takes no further request; those under way go on.
        case leaving
        case closing
        case closed
    }

    let worker: Worker
    let pool: Dialler.Pool
    private(set) lazy var link = HTTP2Link(
        .client,
        worker: worker,
        owner: self,
        limits: FieldBlock.Limits(bytes: AnswerHead.sizeLimit, fields: AnswerHead.fieldLimit)
    )
    private var transport: (any Transport)?
    private var phase = Phase.open
    private var isIdle = false
    private var isPinged = false
    private(set) var deadline = MonotonicTime.never
    var watchIndex = -1
    /// How often something came.
    private(set) var reads: UInt64 = 0
    /// Whether it has carried a request.
    private(set) var hasCarried = false
    /// Why all that is under way ends, where that is known.
    private(set) var loss: GateError?
    /// Exchanges that got pieces of bodies in the running read batch.
    private var touched: [HTTP2ClientExchange] = []

    init(worker: Worker, pool: Dialler.Pool) {
        self.worker = worker
        self.pool = pool
    }

    private var figures: HTTP2Figures { worker.counters.http2 }
    private func later(_ seconds: Double) -> MonotonicTime { worker.clock.monotonic.advanced(bySeconds: seconds) }

    // MARK: Streams

    /// No peer opens streams here.
    let streamLimit = 0
    func opened(_ stream: HTTP2Stream, _ block: FieldBlock, isEnd: Bool) throws(HTTP2Fault) {}

    /// Whether it takes one more request.
    var hasRoom: Bool {
        phase == .open && link.streams.count < min(link.peerStreamLimit, Self.streamBound) && link.hasNumbers
    }

    /// A request's place; it is taken when the request is sent.
    func openStream() -> HTTP2ClientExchange? {
        if phase == .open, !link.hasNumbers { leave() }
        return hasRoom ? HTTP2ClientExchange(self) : nil
    }

    func beginStream(for exchange: HTTP2ClientExchange) -> HTTP2Stream? {
        guard hasRoom else { return nil }
        setIdle(false)
        if link.streams.isEmpty {
            isPinged = false
            deadline = later(Self.quietTime)
        }
        hasCarried = true
        figures.streams.add(1)
        let stream = link.openStream()
        stream.owner = exchange
        return stream
    }

    func closed(_ stream: HTTP2Stream) {
        figures.streams.add(-1)
        guard link.streams.isEmpty else { return }
        switch phase {
        case .open where pool.target.keepsConnections: rest()
        case .open: leave()
        case .leaving: finish()
        case .closing, .closed: break
        }
    }

    func blocked(_ stream: HTTP2Stream) {
        (stream.owner as? HTTP2ClientExchange)?.waitForRoom()
    }

    /// Its sink hears of the end of the read batch.
    func touch(_ exchange: HTTP2ClientExchange) {
        if touched.last !== exchange { touched.append(exchange) }
    }

    // MARK: The pool

    /// Waits for the next request.
    private func rest() {
        setIdle(true)
        deadline = later(pool.target.settings.idleTime)
    }

    private func setIdle(_ isIdle: Bool) {
        guard self.isIdle != isIdle else { return }
        self.isIdle = isIdle
        worker.counters.idle.add(isIdle ? 1 : -1)
    }

    func closeIfIdle() {
        if phase == .open, link.streams.isEmpty { leave() }
    }

    /// Takes no further request, and ends when those under way have.
    private func leave() {
        guard phase == .open else { return }
        phase = .leaving
        leavePool()
        if link.streams.isEmpty { finish() }
    }

    private func leavePool() {
        setIdle(false)
        pool.shared.removeAll { $0 === self }
    }

    private func finish() {
        link.sayGoodbye(.noError)
        link.stop()
        shut()
    }

    /// Sends what there is to say and closes.
    private func shut() {
        phase = .closing
        deadline = later(Self.closingTime)
        link.flush()
        transport?.close()
    }

    // MARK: Transport

    func attached(to transport: any Transport) {
        self.transport = transport
        worker.watch(self)
        worker.dialler.opened(pool)
        figures.connections.add(1)
        pool.shared.append(self)
        rest()
        link.start(on: transport, streamLimit: streamLimit)
    }

    func received(_ bytes: ByteBuffer) {
        reads &+= 1
        isPinged = false
        if phase == .open || phase == .leaving, !isIdle { deadline = later(Self.quietTime) }
        link.received(bytes)
    }

    func receivedAll() {
        let touched = touched
        self.touched.removeAll(keepingCapacity: true)
        for exchange in touched { exchange.sink?.flush() }
        link.flushSoon()
    }

    func writabilityChanged() {
        guard transport?.isWritable == true else { return }
        link.pump()
        link.flush()
    }

    func closed(_ error: (any Error)?) {
        guard phase != .closed else { return }
        phase = .closed
        transport = nil
        leavePool()
        if watchIndex >= 0 {
            worker.unwatch(self)
            figures.connections.add(-1)
            worker.dialler.closed(pool)
        }
        link.gone()
    }

    // MARK: What the provider says of the connection

    func settled() {}
    func pingAnswered() {}

    func peerLeaves(last: Int32, code: UInt32) {
        leave()
        // What lies beyond the last one was not processed and never will be.
        for stream in Array(link.streams.values) where stream.id > last {
            link.close(stream)?.wasReset(HTTP2Code.refusedStream.rawValue)
        }
    }

    func failed(_ fault: HTTP2Fault) {
        figures.count(fault)
        loss = GateError(.upstreamProtocolError, cause: "http2")
        phase = .closing
        leavePool()
        for stream in Array(link.streams.values) { link.close(stream)?.wasReset(nil) }
        shut()
    }

    // MARK: Deadlines

    func deadlinePassed(_ now: MonotonicTime) {
        deadline = .never
        switch phase {
        case .open where isIdle: leave()
        case .open, .leaving:
            guard isPinged else {
                isPinged = true
                deadline = now.advanced(bySeconds: Self.pingTime)
                return link.ping()
            }
            loss = GateError(.upstreamTimeout, cause: "ping_timeout")
            transport?.reset()
        case .closing, .closed: transport?.reset()
        }
    }
}
