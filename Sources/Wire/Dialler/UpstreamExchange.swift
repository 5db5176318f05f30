import NIOCore
import OstiaryCore

/// One request to a provider and its answer, whichever version of HTTP carries them: how long each part may take, who
/// is told of the head, where the body goes, and what the breaker hears.
///
/// A class that two inherit, for the sake of speed: `UpstreamConnection` carries one request after the other over
/// HTTP/1.1, `HTTP2ClientExchange` is one stream of an HTTP/2 connection. Everybody else knows only this.
class UpstreamExchange: Watched, Partner {
    enum State {
        /// Between two requests.
        case idle
        case waitingForHead
        case body
        case closed
    }

    /// Why there is no answer.
    enum Failure: Error {
        /// The provider has not taken the request: nothing was lost by trying again.
        case stale
        case gone(GateError)
    }

    final let worker: Worker
    final let pool: Dialler.Pool
    final var deadline = MonotonicTime.never
    final var watchIndex = -1
    final var state = State.idle
    final var head: AnswerHead?
    final private(set) var askedAt = MonotonicTime(nanoseconds: 0)
    final var isRequestSent = false
    final var sawBytes = false
    final var held: ByteBuffer?
    final var isBodyEnded = false
    /// Why a body that is not completed is not.
    final var cutReason = GateError(.upstreamCut)
    /// How the request was let in.
    final var admission = Breaker.Admission.ordinary
    private final var isJudged = true
    final var sink: (any BodySink)?
    private final var headWaiter: UnsafeContinuation<Void, Never>?
    /// Who is told of the answer's head, and what was asked, so that it can be asked once more elsewhere.
    private final var attempt: Dialler.Attempt?
    final private(set) var failure: Failure?
    // When the whole exchange must be over, whatever its parts may take.
    final var end = MonotonicTime.never
    private final var writableWaiter: UnsafeContinuation<Void, Never>?

    init(worker: Worker, pool: Dialler.Pool) {
        self.worker = worker
        self.pool = pool
    }

    final var settings: DialSettings { pool.target.settings }

    // MARK: What each version does in its own way

    /// Sends the request as far as it is at hand.
    /// - Returns: whether the provider's side is still there to take it; when not, the failure is set.
    func send(_ request: UpstreamRequest) -> Bool { false }
    /// Sends a further piece of the request's body.
    func sendPiece(_ bytes: ByteBuffer, isChunked: Bool) {}
    /// Ends the request's body.
    func sendEnd(isChunked: Bool) {}
    /// False while so much of the request waits that its source should pause.
    var takesMore: Bool { true }
    /// Lets the provider send more of the answer, or not.
    func setReading(_ isReading: Bool) {}
    /// Ends the exchange so that the provider stops working for it. What it had of the answer is lost.
    func breakOff() {}
    /// The body has gone where it belongs.
    func taken() {}

    // MARK: Asking

    /// Sends the request; `answerHead` waits for what comes of it.
    /// - Parameters:
    ///   - rest: what follows the part of the body at hand. It is sent while the answer may already be coming, as a
    ///     provider may refuse a request before it has all of it.
    ///   - end: when the exchange must be over.
    final func ask(_ request: UpstreamRequest, rest: (any BodySource)?, end: MonotonicTime) {
        self.end = end
        guard send(request) else { return }
        if !request.isWhole, let rest {
            let isChunked = request.length == nil
            worker.run { [self] in await pump(rest, isChunked: isChunked) }
        } else {
            requestSent()
        }
    }

    /// Forgets the exchange before.
    final func begin() {
        askedAt = worker.now
        pool.budget.noteRequest(at: askedAt)
        isJudged = false
        state = .waitingForHead
        deadline = end
        head = nil
        if failure != nil { failure = nil }
        isRequestSent = false
        sawBytes = false
        held = nil
        isBodyEnded = false
        cutReason = GateError(.upstreamCut)
    }

    /// There is no connection for the request.
    final func refuse(_ failure: Failure) {
        if case .gone = failure {
            isJudged = false
            judge(.failure)
        }
        self.failure = failure
    }

    /// Tells an attempt of what comes, at once when it is known already.
    final func tell(_ attempt: Dialler.Attempt) {
        self.attempt = attempt
        if head != nil || failure != nil { settled() }
    }

    /// The head is there, or there will be none.
    final func settled() {
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
    final func answerHead() async throws(Failure) -> AnswerHead {
        if head == nil, failure == nil {
            await withUnsafeContinuation { headWaiter = $0 }
        }
        if let failure { throw failure }
        guard let head else { throw .gone(GateError(.upstreamProtocolError)) }
        return head
    }

    final func fail(_ failure: Failure) {
        if self.failure == nil { self.failure = failure }
        settled()
    }

    /// What came is no answer.
    final func refuseAnswer() {
        judge(.failure)
        fail(.gone(GateError(.upstreamProtocolError, cause: "malformed_answer")))
    }

    // MARK: The rest of the request

    /// The request's last byte is on its way.
    func requestSent() {
        isRequestSent = true
        if state == .waitingForHead { setDeadline(settings.headTime) }
    }

    /// Whether more of the request is of use.
    private final var takesRequest: Bool { state == .waitingForHead || (state == .body && !isBodyEnded) }

    /// Sends the rest of the request while the answer may already be coming.
    private final func pump(_ rest: any BodySource, isChunked: Bool) async {
        var rest = rest
        do throws(GateError) {
            while let piece = try await rest.next() {
                guard takesRequest else { return }
                sendPiece(piece, isChunked: isChunked)
                await untilWritable()
                guard takesRequest else { return }
            }
        } catch {
            guard takesRequest else { return }
            judge(.none)
            fail(.gone(error))
            breakOff()
            return
        }
        guard takesRequest else { return }
        sendEnd(isChunked: isChunked)
        requestSent()
    }

    /// A provider that takes nothing of a request has as long as one that answers nothing.
    private final func untilWritable() async {
        while state != .closed, !takesMore {
            if state == .waitingForHead { setDeadline(settings.headTime) }
            await withUnsafeContinuation { writableWaiter = $0 }
        }
        if state == .waitingForHead { deadline = end }
    }

    /// There is room for more of the request, or nobody takes it any more.
    final func wakeWriter() {
        guard let waiter = writableWaiter else { return }
        writableWaiter = nil
        waiter.resume()
    }

    // MARK: The answer

    /// Directs the body to `sink` and returns what had come before.
    final func attach(_ sink: any BodySink) -> (held: ByteBuffer?, isEnded: Bool, failure: GateError?) {
        let earlier = held
        held = nil
        let failure = state == .closed && !isBodyEnded ? cutReason : nil
        if !isBodyEnded, failure == nil {
            self.sink = sink
            setReading(true)
        }
        return (earlier, isBodyEnded, failure)
    }

    /// Takes the head; the body follows.
    final func accept(_ head: AnswerHead) {
        deadline = end
        self.head = head
        state = .body
        if let verdict = Self.verdict(status: head.status) { judge(verdict) } else { endProbe() }
    }

    /// What a status alone says about the provider; `nil` where the rest of the answer decides.
    private static func verdict(status: Int) -> Breaker.Verdict? {
        switch status {
        case 502, 503, 504, 520...529: .failure
        case 500: .doubtful
        default: nil
        }
    }

    /// A piece of the body.
    final func deliver(_ piece: ByteBuffer) {
        if let sink { return sink.piece(piece) }
        if held == nil { held = piece } else { held?.writeImmutableBuffer(piece) }
        if let held, held.readableBytes > EdgeLimits.bodyWindow { setReading(false) }
    }

    /// The body will not be completed, and nobody else will say so.
    final func cutBody() {
        judge(.failure)
        let sink = sink
        self.sink = nil
        sink?.failed(cutReason)
    }

    /// Gives the provider this long for the rest of its body.
    final func boundBody(within seconds: Double) {
        guard state == .body, !isBodyEnded else { return }
        end = min(end, worker.clock.monotonic.advanced(bySeconds: seconds))
        deadline = end
    }

    // MARK: The breaker

    /// Tells the breaker how the exchange went; the first word counts.
    final func judge(_ verdict: Breaker.Verdict) {
        guard !isJudged else { return }
        isJudged = true
        pool.target.breaker?.ended(verdict, admission, at: worker.clock.monotonic)
    }

    /// A probe has done its work with its answer's head, however long the rest of it takes.
    private final func endProbe() {
        guard admission == .probe else { return }
        pool.target.breaker?.ended(.success, .probe, at: worker.clock.monotonic)
        admission = .ordinary
    }

    // MARK: The client

    final func abandoned() {
        guard state != .idle else { return }
        sink = nil
        judge(.none)
        if state == .waitingForHead || (state == .body && !isBodyEnded) { worker.counters.cancelled.increment() }
        fail(.gone(GateError(.clientGone)))
        breakOff()
    }

    final func pause() {
        setReading(false)
        // The client is the slow one now.
        if settings.silenceTime != nil, state == .body, !isBodyEnded { deadline = end }
    }

    final func resume() {
        setReading(true)
        awaitBody()
    }

    // MARK: Deadlines

    final func setDeadline(_ seconds: Double) {
        deadline = min(end, worker.now.advanced(bySeconds: seconds))
    }

    /// Waits for more of the answer, for as long as the provider may be silent.
    final func awaitBody() {
        guard let silence = settings.silenceTime, state == .body, !isBodyEnded else { return }
        setDeadline(silence)
    }

    func deadlinePassed(_ now: MonotonicTime) {
        deadline = .never
        switch state {
        case .waitingForHead:
            judge(.failure)
            fail(.gone(GateError(.upstreamTimeout, cause: "head_timeout")))
        case .body where !isBodyEnded:
            cutReason = GateError(.upstreamTimeout, cause: "silence")
        case .idle, .body, .closed: break
        }
        breakOff()
    }
}
