import CEpoll
import Glibc
import NIOCore
import OstiaryCore

/// A connection that is being made: waits until the system has made it, has given up, or nobody wants it any more.
final class Connecting: Pollable, Watched, Partner {
    private let worker: Worker
    let deadline: MonotonicTime
    var watchIndex = -1
    private var done: ((Descriptor?) -> Void)?

    private init(
        _ descriptor: Descriptor,
        _ worker: Worker,
        until deadline: MonotonicTime,
        _ done: @escaping (Descriptor?) -> Void
    ) {
        self.worker = worker
        self.deadline = deadline
        self.done = done
        super.init(descriptor, on: worker.loop)
    }

    /// Begins to connect a socket.
    /// - Parameter done: called once, perhaps before this returns: with the socket, which is its own from then on, or
    ///   `nil` when there is no connection.
    /// - Returns: what is under way and can be given up; `nil` when it is decided already.
    @discardableResult
    static func begin(
        _ address: SocketAddress,
        on worker: Worker,
        until deadline: MonotonicTime,
        _ done: @escaping (Descriptor?) -> Void
    ) -> Connecting? {
        guard let descriptor = Descriptor.stream(to: address) else {
            done(nil)
            return nil
        }
        switch descriptor.connect(to: address) {
        case .made:
            done(descriptor)
            return nil
        case .failed:
            descriptor.close()
            done(nil)
            return nil
        case .underWay: break
        }
        let connecting = Connecting(descriptor, worker, until: deadline, done)
        do throws(IOError) {
            try connecting.watch(for: cepoll_out)
        } catch {
            descriptor.close()
            done(nil)
            return nil
        }
        worker.watch(connecting)
        return connecting
    }

    override func ready(_ events: UInt32) {
        guard done != nil else { return }
        finish(isConnected: descriptor.pendingError == 0 && events & (cepoll_error | cepoll_hang_up) == 0)
    }

    func deadlinePassed(_ now: MonotonicTime) { finish(isConnected: false) }
    override func loopEnds() { finish(isConnected: false) }
    /// Nobody wants the connection any more.
    func giveUp() { finish(isConnected: false) }

    // The client has left, or takes nothing for now, which is no reason to stop.
    func abandoned() { giveUp() }
    func pause() {}
    func resume() {}

    private func finish(isConnected: Bool) {
        guard let done else { return }
        self.done = nil
        worker.unwatch(self)
        guard isConnected else {
            closeDescriptor()
            return done(nil)
        }
        done(giveUpDescriptor())
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
