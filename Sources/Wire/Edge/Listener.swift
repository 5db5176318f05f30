import NIOCore
import OstiaryCore

/// A door's listening sockets, one for each worker: the kernel spreads connections over them.
public final class Listener: Sendable {
    /// Where a door stands.
    public enum Place: Sendable {
        case address(host: String, port: Int)
        case unixSocket(path: String)
    }

    /// What a connection that was let in is made with.
    struct Arrival {
        let worker: Worker
        let door: Door
        let peer: Peer
        let service: any EdgeService
    }

    /// Makes the pipeline of a new connection's channel; the connection owns its place at the door from then on and
    /// gives it back at its end. When this throws nothing was made, and the listener gives the place back.
    typealias Pipeline = @Sendable (any Channel, Arrival) throws -> Void

    private let sockets: [LoopConfined<ListeningSocket>]
    private let local: SocketAddress?
    private let file: SocketFile?
    private let door: Door
    private let workers: [LoopConfined<Worker>]

    private init(
        _ sockets: [LoopConfined<ListeningSocket>],
        _ bound: BoundSockets,
        _ door: Door,
        _ workers: [LoopConfined<Worker>]
    ) {
        self.sockets = sockets
        local = bound.local
        file = bound.file
        self.door = door
        self.workers = workers
    }

    /// The bound address, with the port that the system chose for port 0.
    public var port: Int? { local?.port }
    public var address: String { local?.description ?? "" }

    /// Binds and begins to accept.
    /// - Parameters:
    ///   - crew: whose workers take the connections.
    ///   - overlap: whether another process of the same user may listen there already, as this one did with the same
    ///     call: for an upgrade without a gap. New connections come here from now on; a second later the other can
    ///     stop and lose none. Without it a place that is taken is an error.
    ///   - tls: `nil` for a plain door.
    ///   - services: one for each worker, made on its loop.
    /// - Throws: `IOError` with `EADDRINUSE` when somebody else listens there, or with what else the system says.
    public static func open(
        _ place: Place,
        door: Door,
        crew: Crew,
        overlap: Bool = false,
        tls: ServerTLS? = nil,
        service: @escaping @Sendable (Worker) -> any EdgeService
    ) async throws -> Listener {
        try await open(place, door: door, crew: crew, overlap: overlap, pipeline: tls?.pipeline, service: service)
    }

    /// - Parameter pipeline: how connections become channels; `nil` for plain HTTP/1.1 without one.
    static func open(
        _ place: Place,
        door: Door,
        crew: Crew,
        overlap: Bool = false,
        pipeline: Pipeline?,
        service: @escaping @Sendable (Worker) -> any EdgeService
    ) async throws -> Listener {
        let services = try await crew.onEach(service)
        let bound = try await BoundSockets.bind(place, count: crew.count, overlap: overlap)
        let sockets = try await crew.onEach { worker in
            ListeningSocket(
                bound.descriptors[worker.index],
                isShared: bound.isShared,
                door: door,
                worker: worker,
                service: services[worker.index].value,
                pipeline: pipeline
            )
        }
        let listener = Listener(sockets, bound, door, crew.workers)
        do {
            for result in try await crew.onEach({ sockets[$0.index].value.start() }) { try result.value.get() }
        } catch {
            await listener.stopAccepting()
            throw error
        }
        if overlap, let local = bound.local { Takeover.begin(bound.descriptors, at: local) }
        return listener
    }

    /// Stops accepting; connections go on, and so do those that the kernel has made by now.
    public func stopAccepting() async {
        file?.remove()
        // All at once: what one leaves unheard while another still listens might come to that.
        let stops = zip(workers, sockets).map { worker, socket in worker.value.loop.submit { socket.value.stop() } }
        for stop in stops { try? await stop.get() }
    }

    /// No connection outlives its next exchange from now on. Idle ones stay until `drain`, so that a client that is about
    /// to send has its request answered and is told; those that speak HTTP/2 are told at once.
    public func announceEnd() {
        door.beginDraining()
        for worker in workers {
            worker.value.loop.execute { worker.value.announceEnd(of: self.door) }
        }
    }

    /// No connection outlives its exchange from now on; idle ones close at once.
    public func drain() {
        door.beginDraining()
        for worker in workers {
            worker.value.loop.execute { worker.value.drainConnections(of: self.door) }
        }
    }

    /// Cuts what is left, so that no client takes it for complete.
    public func cut() {
        for worker in workers {
            worker.value.loop.execute { worker.value.cutConnections(of: self.door) }
        }
    }

    public var openConnections: Int { door.openConnections }
}

extension Worker {
    fileprivate func announceEnd(of door: Door) {
        for connection in connections(of: door) { connection.announceEnd() }
    }

    fileprivate func drainConnections(of door: Door) {
        for connection in connections(of: door) { connection.drain() }
    }

    fileprivate func cutConnections(of door: Door) {
        for connection in connections(of: door) { connection.cutOff() }
    }

    private func connections(of door: Door) -> [any DoorConnection] {
        watchedConnections.filter { $0.door === door }
    }
}
