import NIOCore
import OstiaryCore

/// One connection to a provider: sends a request, reads the answer strictly, hands its body on.
///
/// It carries one request at a time and goes back to its pool only after a complete, unambiguous answer with nothing
/// left over (SEC-509).
final class UpstreamConnection: TransportOwner, Watched, Partner {
    enum State {
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
    private var chunks = ChunkReader()
    private var remaining = 0
    private var held: ByteBuffer?
    private var isBodyEnded = false
    private var isBroken = false
    private var isPoolable = false
    private var sink: (any BodySink)?
    private var headWaiter: UnsafeContinuation<Void, Never>?
    private var failure: Failure?
    private var writableWaiter: UnsafeContinuation<Void, Never>?

    init(worker: Worker, pool: Dialler.Pool) {
        self.worker = worker
        self.pool = pool
    }

    private var settings: DialSettings { pool.target.settings }

    // MARK: Asking

    /// Sends the request; the rest of its body is pulled from the client when it is not whole.
    func ask(_ request: UpstreamRequest, rest: (any BodySource)?) async throws(Failure) {
        if state == .closed { throw isReused ? .stale : .gone(GateError(.upstreamUnreachable, cause: "closed_early")) }
        begin(request)
        if !request.isWhole, let rest { try await pump(rest, isChunked: request.length == nil) }
        isRequestSent = true
        deadline = worker.clock.monotonic.advanced(bySeconds: settings.headTime)
        if head == nil, failure == nil {
            await withUnsafeContinuation { headWaiter = $0 }
        }
        if let failure { throw failure }
    }

    private func begin(_ request: UpstreamRequest) {
        askedAt = worker.clock.monotonic
        state = .waitingForHead
        deadline = .never
        head = nil
        failure = nil
        isHEAD = request.isHEAD
        isRequestSent = false
        sawBytes = false
        chunks = ChunkReader()
        held = nil
        isBodyEnded = false
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

    private func pump(_ rest: any BodySource, isChunked: Bool) async throws(Failure) {
        var rest = rest
        while head == nil, failure == nil {
            let piece: ByteBuffer?
            do throws(GateError) {
                piece = try await rest.next()
            } catch {
                close()
                throw .gone(error)
            }
            guard let piece else {
                if isChunked { transport?.write(ByteBuffer(staticString: "0\r\n\r\n")) }
                transport?.flush()
                return
            }
            if isChunked { writeChunk(piece) } else { transport?.write(piece) }
            transport?.flush()
            if let transport, !transport.isWritable {
                await withUnsafeContinuation { writableWaiter = $0 }
            }
        }
        // The provider answered, or left, before it had the whole request: the connection cannot carry another.
        isBroken = true
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

    func abandoned() {
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
        deadline = worker.clock.monotonic.advanced(bySeconds: settings.idleTime)
    }

    // MARK: Transport

    func attached(to transport: any Transport) {
        self.transport = transport
        state = .idle
        worker.watch(self)
        worker.dialler.opened(self)
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
        if state == .waitingForHead { fail(.gone(GateError(.upstreamTimeout, cause: "head_timeout"))) }
        transport?.reset()
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
                if head.status >= 200 { accept(head) }
            }
        } catch {
            isBroken = true
            fail(.gone(GateError(.upstreamProtocolError, cause: "malformed_answer")))
            transport?.reset()
        }
    }

    private func accept(_ head: AnswerHead) {
        headEnd.reset()
        deadline = .never
        self.head = head
        state = .body
        if let bodyTime = settings.bodyTime { deadline = worker.clock.monotonic.advanced(bySeconds: bodyTime) }
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
            transport?.close()
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
