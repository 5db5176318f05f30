import NIOCore
import OstiaryCore

/// One connection to a provider over HTTP/1.1: sends a request, reads the answer strictly, hands its body on.
///
/// It carries one request at a time and goes back to its pool only after a complete, unambiguous answer with nothing
/// left over (SEC-509).
final class UpstreamConnection: UpstreamExchange, TransportOwner {
    var transport: (any Transport)?
    var heads = AnswerHeadReader(toHEAD: false)
    var body = AnswerBodyReader(.none)
    private var isReused = false
    var isBroken = false
    var isPoolable = false

    // MARK: Asking

    override func send(_ request: UpstreamRequest) -> Bool {
        guard state != .closed else {
            refuse(isReused ? .stale : .gone(GateError(.upstreamUnreachable, cause: "closed_early")))
            return false
        }
        begin()
        heads = AnswerHeadReader(toHEAD: request.isHEAD)
        isPoolable = false
        write(request)
        return true
    }

    override func sendPiece(_ bytes: ByteBuffer, isChunked: Bool) {
        if isChunked { writeChunk(bytes) } else { transport?.write(bytes) }
        transport?.flush()
    }

    override func sendEnd(isChunked: Bool) {
        if isChunked { transport?.write(Self.lastChunk) }
        transport?.flush()
    }

    override var takesMore: Bool { transport?.isWritable ?? true }
    override func setReading(_ isReading: Bool) { transport?.setReading(isReading) }
    override func breakOff() { transport?.reset() }

    /// The connection may carry another request.
    override func taken() {
        guard isPoolable, state == .body else { return }
        isPoolable = false
        // Its last answer may have come to its end while a slow client held it back; what comes next is another's.
        setReading(true)
        worker.dialler.giveBack(self)
    }

    // MARK: The pool

    func close() { transport?.close() }

    /// Marks a pooled connection as in use again.
    func leavePool() { isReused = true }

    func enterPool() {
        state = .idle
        head = nil
        end = .never
        deadline = worker.now.advanced(bySeconds: settings.idleTime)
    }

    // MARK: Transport

    func attached(to transport: any Transport) {
        self.transport = transport
        worker.watch(self)
        worker.dialler.opened(pool)
    }

    func received(_ bytes: ByteBuffer) {
        sawBytes = true
        switch state {
        case .waitingForHead:
            readHead(bytes)
        case .body:
            readBody(bytes)
            awaitBody()
        case .idle, .closed:
            // Nobody asked: whatever this is, it must not become an answer.
            transport?.reset()
        }
    }

    func receivedAll() {
        sink?.flush()
    }

    func writabilityChanged() {
        if transport?.isWritable == true { wakeWriter() }
    }

    func closed(_ error: (any Error)?) {
        guard state != .closed else { return }
        let before = state
        state = .closed
        transport = nil
        if watchIndex >= 0 {
            worker.unwatch(self)
            worker.dialler.forget(self)
        }
        heads = AnswerHeadReader(toHEAD: false)
        wakeWriter()
        switch before {
        case .waitingForHead:
            if isReused, !sawBytes {
                fail(.stale)
            } else {
                judge(.failure)
                fail(.gone(GateError(sawBytes ? .upstreamProtocolError : .upstreamUnreachable, cause: "closed_early")))
            }
        case .body where !isBodyEnded:
            if head?.framing == .untilClose, error == nil { endBody(leftOver: 0) } else { cutBody() }
        case .body, .idle, .closed:
            break
        }
    }

    override func deadlinePassed(_ now: MonotonicTime) {
        guard state == .idle else { return super.deadlinePassed(now) }
        deadline = .never
        transport?.close()
    }
}
