import NIOCore
import NIOSSL
import OstiaryCore

/// A client connection while its TLS is made; afterwards it passes everything on to the protocol that was agreed on.
final class SecureConnection: TransportOwner, DoorConnection {
    private let worker: Worker
    let door: Door
    private let peer: Peer
    private let service: any EdgeService
    private let tls: ServerTLS
    private let handler: NIOSSLServerHandler
    private var transport: (any Transport)?
    private var inner: (any TransportOwner)?
    private var isOver = false
    private var hasTimedOut = false
    var watchIndex = -1
    private(set) var deadline = MonotonicTime.never

    init(_ arrival: Listener.Arrival, tls: ServerTLS, handler: NIOSSLServerHandler) {
        worker = arrival.worker
        door = arrival.door
        peer = arrival.peer
        service = arrival.service
        self.tls = tls
        self.handler = handler
    }

    func attached(to transport: any Transport) {
        self.transport = transport
        worker.watch(self)
        deadline = worker.clock.monotonic.advanced(bySeconds: door.limits.headTime)
    }

    func secured(applicationProtocol: String?) {
        guard inner == nil, !isOver, let transport else { return }
        let certificate: ClientCertificate?
        do {
            certificate = try handler.peerCertificate.map { try ClientCertificate(verified: $0) }
        } catch {
            tls.note(.certificate)
            isOver = true
            transport.reset()
            return
        }
        worker.unwatch(self)
        let isHTTP2 = applicationProtocol?.hasSameBytes(as: "h2") == true
        tls.note(isHTTP2 ? .http2 : .http1)
        let inner: any TransportOwner =
            isHTTP2
            ? HTTP2Connection(worker: worker, door: door, peer: peer, certificate: certificate, service: service)
            : ServerConnection(worker: worker, door: door, peer: peer, certificate: certificate, service: service)
        self.inner = inner
        inner.attached(to: transport)
    }

    func received(_ bytes: ByteBuffer) { inner?.received(bytes) }
    func receivedAll() { inner?.receivedAll() }
    func writabilityChanged() { inner?.writabilityChanged() }

    func closed(_ error: (any Error)?) {
        transport = nil
        if let inner { return inner.closed(error) }
        if watchIndex >= 0 { worker.unwatch(self) }
        door.release(peer)
        guard !isOver else { return }
        isOver = true
        tls.note(hasTimedOut ? .timeout : Self.result(of: error))
    }

    func drain() { transport?.reset() }
    func cutOff() { transport?.reset() }

    func deadlinePassed(_ now: MonotonicTime) {
        deadline = .never
        hasTimedOut = true
        door.reached(.headerTimeout)
        transport?.reset()
    }

    private static func result(of error: (any Error)?) -> TLSFigures.Result {
        guard let error = error as? NIOSSLError else { return .left }
        guard case .handshakeFailed(let inner) = error else { return .failed }
        let text = "\(inner)"
        if text.contains("EOF") { return .left }
        return text.contains("PEER_DID_NOT_RETURN_A_CERTIFICATE") || text.contains("CERTIFICATE_VERIFY_FAILED")
            ? .certificate : .failed
    }
}

extension ServerTLS {
    /// Makes the pipelines of a door with TLS.
    var pipeline: Listener.Pipeline {
        { [self] channel, arrival in
            let handler = NIOSSLServerHandler(context: context)
            let connection = SecureConnection(arrival, tls: self, handler: handler)
            try channel.pipeline.syncOperations.addHandler(handler)
            try channel.pipeline.syncOperations.addHandler(ChannelTransport(owner: connection))
        }
    }
}
