import NIOCore
import OstiaryCore

/// A connection to a provider while its TLS is made; afterwards it passes everything on to the protocol that was agreed
/// on (ALPN, RFC 7301).
final class UpstreamHandshake: TransportOwner, Watched, Partner {
    /// What a handshake can end in.
    enum Outcome {
        case one(UpstreamConnection)
        case many(HTTP2ClientConnection)
    }

    private let worker: Worker
    private let pool: Dialler.Pool
    private var transport: (any Transport)?
    private var inner: (any TransportOwner)?
    private var outcome: Outcome?
    private var isOver = false
    private var waiter: UnsafeContinuation<Void, Never>?
    private(set) var deadline = MonotonicTime.never
    var watchIndex = -1

    init(worker: Worker, pool: Dialler.Pool) {
        self.worker = worker
        self.pool = pool
    }

    /// Returns when the connection can carry a request.
    func untilReady() async throws(GateError) -> Outcome {
        if outcome == nil, !isOver { await withUnsafeContinuation { waiter = $0 } }
        guard let outcome, !isOver else { throw GateError(.upstreamUnreachable, cause: "tls") }
        return outcome
    }

    func attached(to transport: any Transport) {
        self.transport = transport
        worker.watch(self)
        worker.dialler.opened(pool)
        deadline = worker.now.advanced(bySeconds: pool.target.settings.connectTime)
    }

    func secured(applicationProtocol: String?) {
        guard inner == nil, !isOver, let transport else { return }
        let isHTTP2 = pool.target.settings.offersHTTP2 && applicationProtocol?.hasSameBytes(as: "h2") == true
        if pool.target.settings.offersHTTP2 { pool.target.speaksHTTP2 = isHTTP2 }
        worker.unwatch(self)
        if isHTTP2 {
            let connection = HTTP2ClientConnection(worker: worker, pool: pool)
            inner = connection
            outcome = .many(connection)
            connection.attached(to: transport)
        } else {
            let connection = UpstreamConnection(worker: worker, pool: pool)
            inner = connection
            outcome = .one(connection)
            connection.attached(to: transport)
        }
        // The connection counts from now on, and not the attempt.
        worker.dialler.closed(pool)
        wake()
    }

    func received(_ bytes: ByteBuffer) { inner?.received(bytes) }
    func receivedAll() { inner?.receivedAll() }
    func writabilityChanged() { inner?.writabilityChanged() }

    func closed(_ error: (any Error)?) {
        isOver = true
        transport = nil
        if let inner { return inner.closed(error) }
        if watchIndex >= 0 {
            worker.unwatch(self)
            worker.dialler.closed(pool)
        }
        wake()
    }

    private func wake() {
        let waiter = waiter
        self.waiter = nil
        waiter?.resume()
    }

    func deadlinePassed(_ now: MonotonicTime) { giveUp() }

    /// Nobody wants the connection. In the middle of a handshake a close could wait for its end.
    func giveUp() { transport?.reset() }

    func abandoned() { giveUp() }
    func pause() {}
    func resume() {}
}
