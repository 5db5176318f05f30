import CEpoll
import Glibc
import NIOCore
import OstiaryCore

/// A connection that is being made: waits until the system has made it, has given up, or nobody wants it any more.
final class Connecting: Pollable, Watched, Partner {
    private let worker: Worker
    let deadline: MonotonicTime
    var watchIndex = -1
    private var waiter: UnsafeContinuation<Void, Never>?
    private var isConnected = false

    private init(_ descriptor: Descriptor, _ worker: Worker, until deadline: MonotonicTime) {
        self.worker = worker
        self.deadline = deadline
        super.init(descriptor, on: worker.loop)
    }

    /// Connects a socket.
    /// - Parameter client: the exchange this is for, whose end ends it.
    /// - Returns: the socket, which is the caller's from now on; `nil` when there is no connection.
    fileprivate static func open(
        _ address: SocketAddress,
        on worker: Worker,
        until deadline: MonotonicTime,
        for client: RequestBody?
    ) async -> Descriptor? {
        guard let descriptor = Descriptor.stream(to: address) else { return nil }
        switch descriptor.connect(to: address) {
        case .made: return descriptor
        case .failed:
            descriptor.close()
            return nil
        case .underWay: break
        }
        let connecting = Connecting(descriptor, worker, until: deadline)
        do throws(IOError) {
            try connecting.watch(for: cepoll_out)
        } catch {
            descriptor.close()
            return nil
        }
        worker.watch(connecting)
        client?.setPartner(connecting)
        defer { client?.clearPartner(connecting) }
        await withUnsafeContinuation { connecting.waiter = $0 }
        return connecting.isConnected ? connecting.giveUpDescriptor() : nil
    }

    override func ready(_ events: UInt32) {
        guard waiter != nil else { return }
        finish(isConnected: descriptor.pendingError == 0 && events & (cepoll_error | cepoll_hang_up) == 0)
    }

    func deadlinePassed(_ now: MonotonicTime) { finish(isConnected: false) }
    override func loopEnds() { finish(isConnected: false) }

    // The client has left, or takes nothing for now, which is no reason to stop.
    func abandoned() { finish(isConnected: false) }
    func pause() {}
    func resume() {}

    private func finish(isConnected: Bool) {
        guard let waiter else { return }
        self.waiter = nil
        self.isConnected = isConnected
        worker.unwatch(self)
        if isConnected { _ = change(to: 0) } else { closeDescriptor() }
        waiter.resume()
    }
}

extension Worker {
    /// Connects to the first of these addresses that takes a connection, asking them in turn.
    /// - Parameters:
    ///   - seconds: how long all of them together may take.
    ///   - client: the exchange this is for, whose end ends it.
    /// - Returns: a connected socket, which is the caller's.
    /// - Throws: `.upstreamUnreachable`, or `.clientGone`.
    func connect(
        to addresses: [SocketAddress],
        within seconds: Double,
        for client: RequestBody?
    ) async throws(GateError) -> Descriptor {
        let deadline = clock.monotonic.advanced(bySeconds: seconds)
        for address in addresses where client?.isWanted ?? true && clock.monotonic < deadline {
            guard let descriptor = await Connecting.open(address, on: self, until: deadline, for: client) else {
                continue
            }
            if client?.isWanted ?? true { return descriptor }
            descriptor.close()
        }
        throw client?.isWanted ?? true ? GateError(.upstreamUnreachable, cause: "connect") : GateError(.clientGone)
    }
}

extension Descriptor {
    fileprivate enum Attempt {
        case made, underWay, failed
    }

    /// A socket for connections to addresses of this kind; `nil` when the system gives none.
    fileprivate static func stream(to address: SocketAddress) -> Descriptor? {
        let kind = SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue
        let descriptor = Descriptor(number: socket(address.protocol.rawValue, Int32(kind), 0))
        guard descriptor.number >= 0 else { return nil }
        if address.protocol != .unix {
            descriptor.set(Int32(IPPROTO_TCP), TCP_NODELAY, Int32(1))
            descriptor.set(SOL_SOCKET, SO_KEEPALIVE, Int32(1))
        }
        return descriptor
    }

    fileprivate func connect(to address: SocketAddress) -> Attempt {
        let result = address.withSockAddr { Glibc.connect(number, $0, socklen_t($1)) }
        if result == 0 { return .made }
        // Interrupted, it goes on by itself (connect(2)).
        return errno == EINPROGRESS || errno == EINTR ? .underWay : .failed
    }
}
