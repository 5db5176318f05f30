import NIOCore
import NIOSSL
public import OstiaryCore

/// Calls outward from one worker: connections are kept per origin and credential and used on the worker's loop only.
///
/// Redirects are never followed. A request is sent once more only when a kept connection turned out to be closed
/// before any byte of an answer and the whole body is at hand.
public final class Dialler {
    /// The kept connections to one target.
    final class Pool {
        let target: UpstreamTarget
        var idle: [UpstreamConnection] = []
        /// Connections in all, kept or in use; without any the pool is forgotten.
        var open = 0

        init(_ target: UpstreamTarget) {
            self.target = target
        }
    }

    private unowned let worker: Worker
    private var pools: [ObjectIdentifier: Pool] = [:]

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
        client: RequestBody?
    ) async throws(GateError) -> UpstreamAnswer {
        guard client?.isWanted ?? true else { throw GateError(.clientGone) }
        let pool = pool(request.target)
        let end = pool.target.settings.wholeTime.map { worker.clock.monotonic.advanced(bySeconds: $0) } ?? .never
        if let kept = takeIdle(pool) {
            do throws(UpstreamConnection.Failure) {
                return try await ask(kept, request, rest, client, end)
            } catch {
                guard case .stale = error, request.isWhole else { throw Self.gateError(error) }
                worker.counters.retries.increment()
            }
        }
        let fresh = try await connect(pool, client)
        do throws(UpstreamConnection.Failure) {
            return try await ask(fresh, request, rest, client, end)
        } catch {
            throw Self.gateError(error)
        }
    }

    private func ask(
        _ connection: UpstreamConnection,
        _ request: UpstreamRequest,
        _ rest: (any BodySource)?,
        _ client: RequestBody?,
        _ end: MonotonicTime
    ) async throws(UpstreamConnection.Failure) -> UpstreamAnswer {
        client?.setPartner(connection)
        defer { client?.clearPartner(connection) }
        try await connection.ask(request, rest: rest, end: end)
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

    private func pool(_ target: UpstreamTarget) -> Pool {
        if let pool = pools[ObjectIdentifier(target)] { return pool }
        let pool = Pool(target)
        pools[ObjectIdentifier(target)] = pool
        return pool
    }

    private func takeIdle(_ pool: Pool) -> UpstreamConnection? {
        guard let connection = pool.idle.popLast() else { return nil }
        worker.counters.idle.add(-1)
        connection.leavePool()
        return connection
    }

    func giveBack(_ connection: UpstreamConnection) {
        connection.enterPool()
        worker.counters.idle.add(1)
        let pool = connection.pool
        pool.idle.append(connection)
        guard pool.target.keepsConnections else { return closeIdle(pool) }
        guard pool.idle.count > pool.target.settings.idleConnections else { return }
        let oldest = pool.idle.removeFirst()
        worker.counters.idle.add(-1)
        oldest.close()
    }

    func opened(_ connection: UpstreamConnection) {
        worker.counters.open.add(1)
        connection.pool.open += 1
    }

    /// Takes a closed connection out of the books.
    func forget(_ connection: UpstreamConnection) {
        let pool = connection.pool
        worker.counters.open.add(-1)
        pool.open -= 1
        if let index = pool.idle.firstIndex(where: { $0 === connection }) {
            pool.idle.remove(at: index)
            worker.counters.idle.add(-1)
        }
        if pool.open == 0 { pools[ObjectIdentifier(pool.target)] = nil }
    }

    /// Closes every kept connection.
    func drain() {
        for pool in pools.values {
            for connection in pool.idle { connection.close() }
        }
    }

    /// Closes what is kept for targets that were left.
    public func closeLeft() {
        for pool in pools.values where !pool.target.keepsConnections { closeIdle(pool) }
    }

    private func closeIdle(_ pool: Pool) {
        let idle = pool.idle
        pool.idle = []
        worker.counters.idle.add(-Int64(idle.count))
        for connection in idle { connection.close() }
    }

    // MARK: Connecting

    private func connect(
        _ pool: Pool,
        _ client: RequestBody?
    ) async throws(GateError) -> UpstreamConnection {
        let origin = pool.target.origin
        let tls = origin.isSecure ? try worker.trust.clientHandler(host: origin.host) : nil
        let descriptor = try await worker.connect(
            to: try await Addresses.of(origin),
            within: pool.target.settings.connectTime,
            for: client
        )
        let connection = UpstreamConnection(worker: worker, pool: pool)
        guard let tls else {
            SocketTransport(descriptor, to: .provider, on: worker.loop, owner: connection).start()
            return connection
        }
        try secure(connection, descriptor, with: tls)
        client?.setPartner(connection)
        defer { client?.clearPartner(connection) }
        do throws(GateError) {
            try await connection.untilReady()
        } catch {
            throw client?.isWanted ?? true ? error : GateError(.clientGone)
        }
        return connection
    }

    /// Begins TLS on a connected socket.
    private func secure(
        _ connection: UpstreamConnection,
        _ descriptor: Descriptor,
        with handler: NIOSSLClientHandler
    ) throws(GateError) {
        do {
            try SocketChannel.open(descriptor, to: .provider, on: worker.loop) { channel in
                try channel.pipeline.syncOperations.addHandlers(handler, ChannelTransport(owner: connection))
            }
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
