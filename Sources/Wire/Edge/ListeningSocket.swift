import CEpoll
import Glibc
import NIOCore
import OstiaryCore

/// One worker's share of a door: takes connections in and hands each to a connection of its own.
final class ListeningSocket: Pollable {
    /// Connections taken in before others on the loop have their turn.
    private static let share = 64
    /// How long nothing is taken in after the system had no descriptor or no memory for a connection, in nanoseconds.
    private static let pause: Int64 = 100_000_000

    private let isShared: Bool
    private let door: Door
    private let worker: Worker
    private let service: any EdgeService
    private let pipeline: Listener.Pipeline?
    private var alarm: Alarm?

    /// - Parameter isShared: whether other workers watch the same socket, so that only one of them is to be woken.
    init(
        _ descriptor: Descriptor,
        isShared: Bool,
        door: Door,
        worker: Worker,
        service: any EdgeService,
        pipeline: Listener.Pipeline?
    ) {
        self.isShared = isShared
        self.door = door
        self.worker = worker
        self.service = service
        self.pipeline = pipeline
        super.init(descriptor, on: worker.loop)
    }

    func start() -> Result<Void, IOError> {
        do throws(IOError) {
            try watch(for: isShared ? cepoll_in | cepoll_exclusive : cepoll_in)
            return .success(())
        } catch {
            return .failure(error)
        }
    }

    /// Takes in what the kernel has, and closes.
    func stop() {
        guard descriptor != .none else { return }
        // As many as can have been waiting; who comes in the meantime is not owed an answer.
        var taken = 0
        while taken < BoundSockets.backlog, takeNext() { taken += 1 }
        alarm.map(loop.cancel)
        alarm = nil
        unwatch()
        closeDescriptor()
    }

    override func loopEnds() {
        alarm = nil
        closeDescriptor()
    }

    override func ready(_ events: UInt32) {
        var taken = 0
        while taken < Self.share, takeNext() { taken += 1 }
    }

    /// False when there is nothing more to take at the moment.
    private func takeNext() -> Bool {
        var storage = sockaddr_storage()
        let accepted = Descriptor(number: cepoll_accept(descriptor.number, &storage))
        guard accepted.number >= 0 else { return isWorthAnother(errno) }
        // The file's mode says so already, until somebody changes it (SEC-405).
        if Int32(storage.ss_family) == AF_UNIX, cepoll_is_owners(accepted.number) == 0 {
            door.strangers.increment()
            accepted.close()
            return true
        }
        let peer = Peer(address: SocketAddress(storage)?.ipAddress ?? "local")
        guard door.admit(peer) else {
            accepted.close()
            return true
        }
        if let pipeline { open(accepted, peer, pipeline) } else { open(accepted, peer) }
        return true
    }

    private func open(_ accepted: Descriptor, _ peer: Peer) {
        let connection = ServerConnection(worker: worker, door: door, peer: peer, service: service)
        SocketTransport(accepted, to: .client, on: loop, owner: connection).start()
    }

    private func open(_ accepted: Descriptor, _ peer: Peer, _ pipeline: Listener.Pipeline) {
        var isMade = false
        do {
            try SocketChannel.open(accepted, to: .client, on: loop) { channel in
                try pipeline(channel, Listener.Arrival(worker: worker, door: door, peer: peer, service: service))
                isMade = true
            }
        } catch {
            if !isMade { door.release(peer) }
        }
    }

    private func isWorthAnother(_ code: Int32) -> Bool {
        switch code {
        case EAGAIN: return false
        case EMFILE, ENFILE, ENOBUFS, ENOMEM:
            pauseAwhile()
            return false
        // The connection is gone already, or the network has an error of its own (accept(2)).
        default: return code != EBADF && code != EINVAL && code != ENOTSOCK
        }
    }

    /// The connections wait in the kernel meanwhile; asked again at once it would say the same.
    private func pauseAwhile() {
        guard alarm == nil else { return }
        door.acceptPauses.increment()
        unwatch()
        let alarm = Alarm(at: loop.time + Self.pause) { [self] in
            self.alarm = nil
            if case .failure = start() { pauseAwhile() }
        } fail: { _ in
        }
        self.alarm = alarm
        loop.set(alarm)
    }
}
