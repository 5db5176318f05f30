import NIOCore
import NIOPosix
import OstiaryCore

/// A door's listening socket: takes connections in and spreads them over the workers.
public final class Listener: Sendable {
    /// Where a door stands.
    public enum Place: Sendable {
        case address(host: String, port: Int)
        case unixSocket(path: String)
    }

    private let channel: any Channel
    private let door: Door
    private let workers: [LoopConfined<Worker>]

    private init(channel: any Channel, door: Door, workers: [LoopConfined<Worker>]) {
        self.channel = channel
        self.door = door
        self.workers = workers
    }

    /// The bound address, with the port that the system chose for port 0.
    public var port: Int? { channel.localAddress?.port }
    public var address: String { channel.localAddress?.description ?? "" }

    /// Binds and begins to accept.
    /// - Parameters:
    ///   - group: whose loops the workers stand on.
    ///   - services: one for each worker, made on its loop.
    public static func open(
        _ place: Place,
        door: Door,
        crew: Crew,
        service: @escaping @Sendable (Worker) -> any EdgeService
    ) async throws -> Listener {
        let workers = crew.workers
        let services = try await crew.onEach(service)
        let bootstrap = ServerBootstrap(group: crew.group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.writeBufferWaterMark, value: ChannelTransport.watermark)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard let index = workers.firstIndex(where: { $0.value.loop === channel.eventLoop }) else {
                        throw ChannelError.operationUnsupported
                    }
                    let peer = Peer(address: channel.remoteAddress?.ipAddress ?? "local")
                    guard door.admit(peer) else { throw ChannelError.operationUnsupported }
                    // From here on the connection owns its place and gives it back when its transport ends.
                    let connection = ServerConnection(
                        worker: workers[index].value,
                        door: door,
                        peer: peer,
                        service: services[index].value
                    )
                    do {
                        try channel.pipeline.syncOperations.addHandler(ChannelTransport(owner: connection))
                    } catch {
                        connection.closed(error)
                        throw error
                    }
                }
            }
        let channel =
            switch place {
            case .address(let host, let port):
                try await bootstrap
                    .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
                    .bind(host: host, port: port).get()
            case .unixSocket(let path):
                try await bootstrap.bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true).get()
            }
        return Listener(channel: channel, door: door, workers: workers)
    }

    /// Stops accepting; connections go on.
    public func stopAccepting() async {
        try? await channel.close().get()
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
