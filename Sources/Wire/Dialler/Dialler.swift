import NIOCore
import NIOPosix
public import OstiaryCore

/// Calls outward from one worker: connections are kept per origin and credential and used on the worker's loop only.
///
/// Redirects are never followed. A request is sent once more only when a kept connection turned out to be closed
/// before any byte of an answer and the whole body is at hand.
public final class Dialler {
    struct PoolKey: Hashable {
        let origin: Origin
        let pool: String
    }

    private unowned let worker: Worker
    private var idle: [PoolKey: [UpstreamConnection]] = [:]

    init(worker: Worker) {
        self.worker = worker
    }

    /// Sends a request and returns when the answer's head has come.
    /// - Parameters:
    ///   - rest: the body behind `request.body`, when that is not whole.
    ///   - client: the exchange this is for, whose end cancels the request.
    /// - Throws: `.upstreamUnreachable`, `.upstreamTimeout`, `.upstreamProtocolError`, or what `rest` throws.
    public func exchange(
        _ request: UpstreamRequest,
        rest: (any BodySource)? = nil,
        client: RequestBody?,
        settings: DialSettings = DialSettings()
    ) async throws(GateError) -> UpstreamAnswer {
        guard client?.isWanted ?? true else { throw GateError(.clientGone) }
        let key = PoolKey(origin: request.origin, pool: request.pool)
        let end = settings.wholeTime.map { worker.clock.monotonic.advanced(bySeconds: $0) } ?? .never
        if let kept = takeIdle(key) {
            do throws(UpstreamConnection.Failure) {
                return try await ask(kept, request, rest, client, settings, end)
            } catch {
                guard case .stale = error, request.isWhole else { throw Self.gateError(error) }
                worker.counters.retries.increment()
            }
        }
        let fresh = try await connect(key, settings, client)
        do throws(UpstreamConnection.Failure) {
            return try await ask(fresh, request, rest, client, settings, end)
        } catch {
            throw Self.gateError(error)
        }
    }

    private func ask(
        _ connection: UpstreamConnection,
        _ request: UpstreamRequest,
        _ rest: (any BodySource)?,
        _ client: RequestBody?,
        _ settings: DialSettings,
        _ end: MonotonicTime
    ) async throws(UpstreamConnection.Failure) -> UpstreamAnswer {
        client?.setPartner(connection)
        defer { client?.clearPartner(connection) }
        try await connection.ask(request, rest: rest, settings: settings, end: end)
        guard let head = connection.head else { throw .gone(GateError(.upstreamProtocolError)) }
        return UpstreamAnswer(connection: connection, head: head)
    }

    private static func gateError(_ failure: UpstreamConnection.Failure) -> GateError {
        switch failure {
        case .stale: GateError(.upstreamUnreachable, cause: "closed_early")
        case .gone(let error): error
        }
    }

    // MARK: The pool

    private func takeIdle(_ key: PoolKey) -> UpstreamConnection? {
        guard let connection = idle[key]?.popLast() else { return nil }
        worker.counters.idle.add(-1)
        connection.leavePool()
        return connection
    }

    func giveBack(_ connection: UpstreamConnection) {
        connection.enterPool()
        worker.counters.idle.add(1)
        idle[connection.poolKey, default: []].append(connection)
        if let count = idle[connection.poolKey]?.count, count > connection.settings.idleConnections {
            let oldest = idle[connection.poolKey]?.removeFirst()
            worker.counters.idle.add(-1)
            oldest?.close()
        }
    }

    /// Takes a closed connection out of the pool.
    func forget(_ connection: UpstreamConnection) {
        guard let index = idle[connection.poolKey]?.firstIndex(where: { $0 === connection }) else { return }
        idle[connection.poolKey]?.remove(at: index)
        worker.counters.idle.add(-1)
    }

    /// Closes every kept connection.
    func drain() {
        for connection in idle.values.joined() { connection.close() }
    }

    // MARK: Connecting

    private func connect(
        _ key: PoolKey,
        _ settings: DialSettings,
        _ client: RequestBody?
    ) async throws(GateError) -> UpstreamConnection {
        let connection = UpstreamConnection(worker: worker, settings: settings, poolKey: key)
        let tls = key.origin.isSecure ? try worker.trust.clientHandler(host: key.origin.host) : nil
        let confined = LoopConfined((connection, tls))
        let bootstrap = ClientBootstrap(group: worker.loop)
            .channelOption(.socketOption(.tcp_nodelay), value: 1)
            .channelOption(.socketOption(.so_keepalive), value: 1)
            .channelOption(.writeBufferWaterMark, value: ChannelTransport.watermark)
            .connectTimeout(.milliseconds(Int64(settings.connectTime * 1000)))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let (connection, tls) = confined.value
                    if let tls { try channel.pipeline.syncOperations.addHandler(tls) }
                    try channel.pipeline.syncOperations.addHandler(ChannelTransport(owner: connection))
                }
            }
        do {
            let channel =
                if let path = key.origin.socketPath {
                    try await bootstrap.connect(unixDomainSocketPath: path).get()
                } else {
                    try await bootstrap.connect(host: key.origin.host, port: key.origin.port).get()
                }
            client?.setPartner(connection)
            defer { client?.clearPartner(connection) }
            if tls != nil, client?.isWanted ?? true { try await connection.untilReady() }
            guard client?.isWanted ?? true else {
                channel.close(promise: nil)
                throw GateError(.clientGone)
            }
            return connection
        } catch let error as GateError {
            throw client?.isWanted ?? true ? error : GateError(.clientGone)
        } catch {
            throw GateError(.upstreamUnreachable, cause: "connect")
        }
    }
}

/// The dialler's numbers, shared by all workers.
public final class DialCounters: Sendable {
    public let open = Gauge()
    public let idle = Gauge()
    public let retries = Counter()

    public init() {}

    public var instruments: [Instrument] {
        [
            Instrument(
                "gw_upstream_connections",
                .gauge,
                "Open connections to providers.",
                labels: [("state", "open")]
            ) { [self] in Double(open.current) },
            Instrument(
                "gw_upstream_connections",
                .gauge,
                "Open connections to providers.",
                labels: [("state", "idle")]
            ) { [self] in Double(idle.current) },
            Instrument(
                "gw_upstream_retries_total",
                .counter,
                "Requests sent again because a kept connection was closed."
            ) { [self] in Double(retries.current) },
        ]
    }
}
