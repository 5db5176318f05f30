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
    private(set) var state = State.connecting
    private(set) var head: AnswerHead?
    private(set) var askedAt = MonotonicTime(nanoseconds: 0)
    private var transport: (any Transport)?
    private var inbound = ByteBuffer()
    private var headEnd = HeadEnd()
    private var isReused = false
    private var isHEAD = false
    private var isRequestSent = false
    private var sawBytes = false
    private var interimHeads = 0
    private var chunks = ChunkReader()
    private var remaining = 0
    private var held: ByteBuffer?
    private var isBodyEnded = false
    private var isBroken = false
    private var isPoolable = false
    private var sink: (any BodySink)?
    private var readyWaiter: UnsafeContinuation<Void, Never>?
    private var headWaiter: UnsafeContinuation<Void, Never>?
    private var failure: Failure?
    // When the whole exchange must be over, whatever its parts may take.
    private var end = MonotonicTime.never
    private var writableWaiter: UnsafeContinuation<Void, Never>?

    init(worker: Worker, pool: Dialler.Pool) {
        self.worker = worker
        self.pool = pool
    }

    private var settings: DialSettings { pool.target.settings }

    // MARK: Asking

    /// Returns when the connection can carry a request: at once, or after the TLS handshake.
    func untilReady() async throws(GateError) {
        if state == .connecting { await withUnsafeContinuation { readyWaiter = $0 } }
        guard state == .idle else { throw GateError(.upstreamUnreachable, cause: "tls") }
    }

    /// Sends the request and returns when the answer's head is there.
    /// - Parameters:
    ///   - rest: what follows the part of the body at hand. It is sent while the answer may already be coming, as a
    ///     provider may refuse a request before it has all of it.
    ///   - end: when the exchange must be over.
    func ask(
        _ request: UpstreamRequest,
        rest: (any BodySource)?,
        end: MonotonicTime
    ) async throws(Failure) {
        if state == .closed { throw isReused ? .stale : .gone(GateError(.upstreamUnreachable, cause: "closed_early")) }
        self.end = end
        begin(request)
        if !request.isWhole, let rest {
            let isChunked = request.length == nil
            worker.run { [self] in await pump(rest, isChunked: isChunked) }
        } else {
            requestSent()
        }
        if head == nil, failure == nil {
            await withUnsafeContinuation { headWaiter = $0 }
        }
        if let failure { throw failure }
    }

    private func begin(_ request: UpstreamRequest) {
        askedAt = worker.clock.monotonic
        state = .waitingForHead
        deadline = end
        head = nil
        failure = nil
        isHEAD = request.isHEAD
        isRequestSent = false
        sawBytes = false
        interimHeads = 0
        chunks = ChunkReader()
        held = nil
        isBodyEnded = false
        isPoolable = false
        var out = worker.buffer(capacity: request.head.readableBytes + 64 + min(request.body.readableBytes, 16_384))
        out.writeImmutableBuffer(request.head)
        if let length = request.length {
            if request.hasBody { out.writeField("content-length", length) }
        } else {
            out.writeStaticString("transfer-encoding: chunked\r\n")
        }
        out.writeStaticString("\r\n")
        if request.length == nil {
            transport?.write(out)
            writeChunk(request.body)
            if request.isWhole { transport?.write(ByteBuffer(staticString: "0\r\n\r\n")) }
        } else if request.body.readableBytes <= 16_384 {
            out.writeImmutableBuffer(request.body)
            transport?.write(out)
        } else {
            transport?.write(out)
            transport?.write(request.body)
        }
        transport?.flush()
    }

    private func requestSent() {
        isRequestSent = true
        if state == .waitingForHead { setDeadline(settings.headTime) }
    }

    /// Whether more of the request is of use.
    private var takesRequest: Bool { state == .waitingForHead || (state == .body && !isBodyEnded) }

    private func pump(_ rest: any BodySource, isChunked: Bool) async {
        var rest = rest
        do throws(GateError) {
            while let piece = try await rest.next() {
                guard takesRequest else { return }
                if isChunked { writeChunk(piece) } else { transport?.write(piece) }
                transport?.flush()
                await untilWritable()
                guard takesRequest else { return }
            }
        } catch {
            guard takesRequest else { return }
            fail(.gone(error))
            transport?.reset()
            return
        }
        guard takesRequest else { return }
        if isChunked { transport?.write(ByteBuffer(staticString: "0\r\n\r\n")) }
        transport?.flush()
        requestSent()
    }

    /// A provider that takes nothing of a request has as long as one that answers nothing.
    private func untilWritable() async {
        while let transport, !transport.isWritable {
            if state == .waitingForHead { setDeadline(settings.headTime) }
            await withUnsafeContinuation { writableWaiter = $0 }
        }
        if state == .waitingForHead { deadline = end }
    }

    private func setDeadline(_ seconds: Double) {
        deadline = min(end, worker.clock.monotonic.advanced(bySeconds: seconds))
    }

    private func writeChunk(_ piece: ByteBuffer) {
        guard piece.readableBytes > 0 else { return }
        var size = worker.buffer(capacity: 24)
        size.writeHexadecimal(piece.readableBytes)
        size.writeStaticString("\r\n")
        transport?.write(size)
        transport?.write(piece)
        transport?.write(ByteBuffer(staticString: "\r\n"))
    }

    // MARK: The body's way on

    /// Directs the body to `sink` and returns what had come before.
    func attach(_ sink: any BodySink) -> (held: ByteBuffer?, isEnded: Bool, isFailed: Bool) {
        let earlier = held
        held = nil
        let isFailed = state == .closed && !isBodyEnded
        if !isBodyEnded, !isFailed {
            self.sink = sink
            transport?.setReading(true)
        }
        return (earlier, isBodyEnded, isFailed)
    }

    /// Gives the provider this long for the rest of its body.
    func boundBody(within seconds: Double) {
        if state == .body, !isBodyEnded { setDeadline(seconds) }
    }

    func abandoned() {
        guard state != .idle else { return }
        sink = nil
        fail(.gone(GateError(.clientGone)))
        transport?.reset()
    }

    func pause() { transport?.setReading(false) }
    func resume() { transport?.setReading(true) }

    func close() { transport?.close() }

    /// Marks a pooled connection as in use again.
    func leavePool() { isReused = true }

    func enterPool() {
        state = .idle
        head = nil
        end = .never
        inbound = ByteBuffer()
        deadline = worker.clock.monotonic.advanced(bySeconds: settings.idleTime)
    }

    // MARK: Transport

    func attached(to transport: any Transport) {
        self.transport = transport
        worker.watch(self)
        worker.dialler.opened(self)
        if pool.target.origin.isSecure { setDeadline(settings.connectTime) } else { state = .idle }
    }

    func secured() {
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
            if inbound.readableBytes == 0 { inbound = bytes } else { inbound.writeImmutableBuffer(bytes) }
            readHead()
        case .body:
            var bytes = bytes
            readBody(&bytes)
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
        inbound = ByteBuffer()
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
                fail(.gone(GateError(sawBytes ? .upstreamProtocolError : .upstreamUnreachable, cause: "closed_early")))
            }
        case .body where !isBodyEnded:
            if head?.framing == .untilClose, error == nil {
                endBody()
            } else {
                let sink = sink
                self.sink = nil
                sink?.failed()
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
            fail(.gone(GateError(.upstreamTimeout, cause: "head_timeout")))
            transport?.reset()
        case .connecting, .body, .closed: transport?.reset()
        }
    }

    private func fail(_ failure: Failure) {
        if self.failure == nil { self.failure = failure }
        guard let waiter = headWaiter else { return }
        headWaiter = nil
        waiter.resume()
    }

    // MARK: Reading

    private func readHead() {
        do throws(HeadFault) {
            while state == .waitingForHead {
                let end = try inbound.withReadableSpan { span throws(HeadFault) in try headEnd.find(span) }
                guard let end else {
                    if inbound.readableBytes > AnswerHead.sizeLimit { throw .headTooLarge }
                    return
                }
                guard end <= AnswerHead.sizeLimit, let bytes = inbound.readSlice(length: end) else {
                    throw .headTooLarge
                }
                let head = try AnswerHead(bytes, toHEAD: isHEAD)
                if head.status == 101 { throw .malformed("the provider switches protocols unasked") }
                if head.status >= 200 { return accept(head) }
                interimHeads += 1
                guard interimHeads <= Self.interimLimit else { throw .malformed("too many interim answers") }
            }
        } catch {
            isBroken = true
            fail(.gone(GateError(.upstreamProtocolError, cause: "malformed_answer")))
            transport?.reset()
        }
    }

    /// Interim answers (1xx) that may come before the answer.
    private static let interimLimit = 32
    /// Seconds until a connection that is closed has to be gone.
    private static let closingTime = 5.0

    private func accept(_ head: AnswerHead) {
        headEnd.reset()
        deadline = end
        self.head = head
        state = .body
        if case .length(let length) = head.framing { remaining = length }
        if head.framing == .none {
            endBody()
        } else if inbound.readableBytes > 0 {
            var rest = inbound
            inbound = ByteBuffer()
            readBody(&rest)
        }
        if let waiter = headWaiter {
            headWaiter = nil
            waiter.resume()
        }
    }

    private func readBody(_ bytes: inout ByteBuffer) {
        guard !isBodyEnded, let framing = head?.framing else {
            isBroken = true
            transport?.reset()
            return
        }
        switch framing {
        case .none:
            break
        case .length:
            if let piece = bytes.readSlice(length: min(remaining, bytes.readableBytes)) {
                remaining -= piece.readableBytes
                deliver(piece)
            }
            if remaining == 0 { endBody(leftOver: bytes.readableBytes) }
        case .chunked:
            readChunks(&bytes)
        case .untilClose:
            deliver(bytes)
        }
    }

    private func readChunks(_ bytes: inout ByteBuffer) {
        var index = 0
        while !isBodyEnded, state == .body {
            let step: ChunkReader.Step
            do throws(HeadFault) {
                step = try bytes.withReadableSpan { span throws(HeadFault) in try chunks.next(span, &index) }
            } catch {
                isBroken = true
                transport?.reset()
                return
            }
            switch step {
            case .data(let range):
                if let piece = bytes.getSlice(at: bytes.readerIndex + range.lowerBound, length: range.count) {
                    deliver(piece)
                }
            case .more: return
            case .end(let end): endBody(leftOver: bytes.readableBytes - end)
            }
        }
    }

    private func deliver(_ piece: ByteBuffer) {
        guard piece.readableBytes > 0 else { return }
        if let sink { return sink.piece(piece) }
        if held == nil { held = piece } else { held?.writeImmutableBuffer(piece) }
        if let held, held.readableBytes > EdgeLimits.bodyWindow { transport?.setReading(false) }
    }

    private func endBody(leftOver: Int = 0) {
        isBodyEnded = true
        let isReusable =
            leftOver == 0 && inbound.readableBytes == 0 && !isBroken && isRequestSent && state == .body
            && head?.keepsConnection == true
        let sink = sink
        self.sink = nil
        if isReusable {
            isPoolable = true
        } else if state != .closed {
            // What of the request was not taken by now never will be.
            setDeadline(Self.closingTime)
            if isRequestSent { transport?.close() } else { transport?.reset() }
        }
        sink?.ended()
    }

    /// The body has gone where it belongs; the connection may carry another request.
    func taken() {
        guard isPoolable, state == .body else { return }
        isPoolable = false
        worker.dialler.giveBack(self)
    }
}
