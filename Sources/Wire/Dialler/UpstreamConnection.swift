import NIOCore
import OstiaryCore

/// One connection to a provider: sends a request, reads the answer strictly, hands its body on.
///
/// It carries one request at a time and goes back to its pool only after a complete, unambiguous answer with nothing
/// left over (SEC-509).
final class UpstreamConnection: TransportOwner, Watched, Partner {
    enum State {
        /// Until TCP, and TLS where there is any, are established.
        case connecting
        /// In the pool.
        case idle
        case waitingForHead
        case body
        case closed
    }

    /// Why there is no answer.
    enum Failure: Error {
        /// A kept connection was closed before any byte of the answer: nothing was lost by trying again.
        case stale
        case gone(GateError)
    }

    let worker: Worker
    let pool: Dialler.Pool
    var deadline = MonotonicTime.never
    var watchIndex = -1
    var state = State.connecting
    var head: AnswerHead?
    private(set) var askedAt = MonotonicTime(nanoseconds: 0)
    var transport: (any Transport)?
    var heads = AnswerHeadReader(toHEAD: false)
    var body = AnswerBodyReader(.none)
    private var isReused = false
    var isRequestSent = false
    private var sawBytes = false
    var held: ByteBuffer?
    var isBodyEnded = false
    var isBroken = false
    var isPoolable = false
    /// Why a body that is not completed is not.
    var cutReason = GateError(.upstreamCut)
    /// How the request was let in.
    var admission = Breaker.Admission.ordinary
    private var isJudged = true
    var sink: (any BodySink)?
    private var readyWaiter: UnsafeContinuation<Void, Never>?
    var headWaiter: UnsafeContinuation<Void, Never>?
    /// Who is told of the answer's head, and what was asked, so that it can be asked once more elsewhere.
    private var attempt: Dialler.Attempt?
    private var failure: Failure?
    // When the whole exchange must be over, whatever its parts may take.
    var end = MonotonicTime.never
    var writableWaiter: UnsafeContinuation<Void, Never>?

    init(worker: Worker, pool: Dialler.Pool) {
        self.worker = worker
        self.pool = pool
    }

    var settings: DialSettings { pool.target.settings }

    // MARK: Asking

    /// Returns when the connection can carry a request: at once, or after the TLS handshake.
    func untilReady() async throws(GateError) {
        if state == .connecting { await withUnsafeContinuation { readyWaiter = $0 } }
        guard state == .idle else { throw GateError(.upstreamUnreachable, cause: "tls") }
    }

    /// Sends the request; `answerHead` waits for what comes of it.
    /// - Parameters:
    ///   - rest: what follows the part of the body at hand. It is sent while the answer may already be coming, as a
    ///     provider may refuse a request before it has all of it.
    ///   - end: when the exchange must be over.
    func ask(_ request: UpstreamRequest, rest: (any BodySource)?, end: MonotonicTime) {
        if state == .closed {
            guard !isReused else {
                failure = .stale
                return
            }
            isJudged = false
            judge(.failure)
            failure = .gone(GateError(.upstreamUnreachable, cause: "closed_early"))
            return
        }
        self.end = end
        begin(toHEAD: request.isHEAD)
        send(request)
        if !request.isWhole, let rest {
            let isChunked = request.length == nil
            worker.run { [self] in await pump(rest, isChunked: isChunked) }
        } else {
            requestSent()
        }
    }

    /// Tells an attempt of what comes, at once when it is known already.
    func tell(_ attempt: Dialler.Attempt) {
        self.attempt = attempt
        if head != nil || failure != nil { settled() }
    }

    /// The head is there, or there will be none.
    func settled() {
        if let waiter = headWaiter {
            headWaiter = nil
            waiter.resume()
        }
        guard let attempt else { return }
        self.attempt = nil
        if let failure {
            worker.dialler.failed(attempt, self, failure)
        } else if let head {
            worker.dialler.answered(attempt, self, head)
        }
    }

    /// Returns when the answer's head is there.
    func answerHead() async throws(Failure) -> AnswerHead {
        if head == nil, failure == nil {
            await withUnsafeContinuation { headWaiter = $0 }
        }
        if let failure { throw failure }
        guard let head else { throw .gone(GateError(.upstreamProtocolError)) }
        return head
    }

    /// Forgets the exchange before.
    private func begin(toHEAD: Bool) {
        askedAt = worker.now
        pool.budget.noteRequest(at: askedAt)
        isJudged = false
        state = .waitingForHead
        deadline = end
        head = nil
        if failure != nil { failure = nil }
        heads = AnswerHeadReader(toHEAD: toHEAD)
        isRequestSent = false
        sawBytes = false
        held = nil
        isBodyEnded = false
        isPoolable = false
        cutReason = GateError(.upstreamCut)
    }

    func setDeadline(_ seconds: Double) {
        deadline = min(end, worker.now.advanced(bySeconds: seconds))
    }

    /// Tells the breaker how the exchange went; the first word counts.
    func judge(_ verdict: Breaker.Verdict) {
        guard !isJudged else { return }
        isJudged = true
        pool.target.breaker?.ended(verdict, admission, at: worker.clock.monotonic)
    }

    /// A probe has done its work with its answer's head, however long the rest of it takes.
    func endProbe() {
        guard admission == .probe else { return }
        pool.target.breaker?.ended(.success, .probe, at: worker.clock.monotonic)
        admission = .ordinary
    }

    // MARK: The client and the pool

    func abandoned() {
        guard state != .idle else { return }
        sink = nil
        judge(.none)
        if state == .waitingForHead || (state == .body && !isBodyEnded) { worker.counters.cancelled.increment() }
        fail(.gone(GateError(.clientGone)))
        transport?.reset()
    }

    func pause() {
        transport?.setReading(false)
        // The client is the slow one now.
        if settings.silenceTime != nil, state == .body, !isBodyEnded { deadline = end }
    }

    func resume() {
        transport?.setReading(true)
        awaitBody()
    }

    /// Waits for more of the answer, for as long as the provider may be silent.
    func awaitBody() {
        guard let silence = settings.silenceTime, state == .body, !isBodyEnded else { return }
        setDeadline(silence)
    }

    func close() { transport?.close() }

    /// Ends a connection that has carried nothing. In the middle of a handshake a close could wait for its end.
    func giveUp() {
        if state == .connecting { transport?.reset() } else { transport?.close() }
    }

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
        worker.dialler.opened(self)
        if pool.target.origin.isSecure { setDeadline(settings.connectTime) } else { state = .idle }
    }

    func secured(applicationProtocol: String?) {
        guard state == .connecting else { return }
        state = .idle
        deadline = .never
        wakeReadyWaiter()
    }

    private func wakeReadyWaiter() {
        guard let waiter = readyWaiter else { return }
        readyWaiter = nil
        waiter.resume()
    }

    func received(_ bytes: ByteBuffer) {
        sawBytes = true
        switch state {
        case .waitingForHead:
            readHead(bytes)
        case .body:
            readBody(bytes)
            awaitBody()
        case .idle, .connecting, .closed:
            // Nobody asked: whatever this is, it must not become an answer.
            transport?.reset()
        }
    }

    func receivedAll() {
        sink?.flush()
    }

    func writabilityChanged() {
        guard transport?.isWritable == true, let waiter = writableWaiter else { return }
        writableWaiter = nil
        waiter.resume()
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
        wakeReadyWaiter()
        if let waiter = writableWaiter {
            writableWaiter = nil
            waiter.resume()
        }
        switch before {
        case .waitingForHead:
            if isReused, !sawBytes {
                fail(.stale)
            } else {
                judge(.failure)
                fail(.gone(GateError(sawBytes ? .upstreamProtocolError : .upstreamUnreachable, cause: "closed_early")))
            }
        case .body where !isBodyEnded:
            if head?.framing == .untilClose, error == nil {
                endBody(leftOver: 0)
            } else {
                judge(.failure)
                let sink = sink
                self.sink = nil
                sink?.failed(cutReason)
            }
        case .body, .idle, .connecting, .closed:
            break
        }
    }

    func deadlinePassed(_ now: MonotonicTime) {
        deadline = .never
        switch state {
        case .idle: transport?.close()
        case .waitingForHead:
            judge(.failure)
            fail(.gone(GateError(.upstreamTimeout, cause: "head_timeout")))
            transport?.reset()
        case .body where !isBodyEnded:
            cutReason = GateError(.upstreamTimeout, cause: "silence")
            transport?.reset()
        case .connecting, .body, .closed: transport?.reset()
        }
    }

    func fail(_ failure: Failure) {
        if self.failure == nil { self.failure = failure }
        settled()
    }
}
