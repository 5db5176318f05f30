import NIOCore
import NIOSSL
public import OstiaryCore

/// Is told of the answer to a request.
public protocol AnswerReceiver: AnyObject {
    /// The answer's head has come.
    func answered(_ answer: consuming UpstreamAnswer)
    /// There will be no answer.
    func failed(_ error: GateError)
}

/// Calls outward from one worker: connections are kept per origin and credential and used on the worker's loop only.
///
/// Redirects are never followed. A request is sent once more only when a kept connection turned out to be closed
/// before any byte of an answer, the whole body is at hand, and the target's budget for that is not used up.
public final class Dialler {
    /// The kept connections to one target.
    final class Pool {
        let target: UpstreamTarget
        var idle: [UpstreamConnection] = []
        /// Connections in all, kept or in use.
        var open = 0
        var budget = RetryBudget()

        init(_ target: UpstreamTarget) {
            self.target = target
        }
    }

    unowned let worker: Worker
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
        let breaker = pool.target.breaker
        let admission = try breaker?.admit(at: worker.now) ?? .ordinary
        let end = pool.target.settings.wholeTime.map { worker.now.advanced(bySeconds: $0) } ?? .never
        if let kept = takeIdle(pool) {
            do throws(UpstreamConnection.Failure) {
                return try await ask(kept, request, rest, client, end, admission)
            } catch {
                // Of a connection that was closed before anything came back nobody has passed a verdict yet.
                guard case .stale = error else { throw Self.gateError(error) }
                do throws(GateError) {
                    try takeRetry(pool, request)
                } catch {
                    breaker?.ended(.none, admission, at: worker.now)
                    throw error
                }
            }
        }
        let fresh: UpstreamConnection
        do throws(GateError) {
            fresh = try await connect(pool, client)
        } catch {
            breaker?.ended(Self.verdict(error), admission, at: worker.now)
            throw error
        }
        do throws(UpstreamConnection.Failure) {
            return try await ask(fresh, request, rest, client, end, admission)
        } catch {
            throw Self.gateError(error)
        }
    }

    /// A request on its way, and who is told of its answer.
    struct Attempt {
        let request: UpstreamRequest
        let client: RequestBody
        let receiver: any AnswerReceiver
    }

    /// Sends a request for somebody who is told what comes of it. Where a connection is kept and the whole request is
    /// here, nothing waits and no task is made.
    public func exchange(
        _ request: UpstreamRequest,
        rest: (any BodySource)?,
        client: RequestBody,
        for receiver: any AnswerReceiver
    ) {
        let pool = pool(request.target)
        guard request.isWhole, client.isWanted, pool.target.settings.wholeTime == nil, !pool.idle.isEmpty else {
            return exchangeLater(Attempt(request: request, client: client, receiver: receiver), rest)
        }
        let admission: Breaker.Admission
        do throws(GateError) {
            admission = try pool.target.breaker?.admit(at: worker.now) ?? .ordinary
        } catch {
            return receiver.failed(error)
        }
        guard let kept = takeIdle(pool) else { return receiver.failed(GateError(.internalError, cause: "pool_empty")) }
        kept.admission = admission
        client.setPartner(kept)
        kept.ask(request, rest: nil, end: .never)
        kept.tell(Attempt(request: request, client: client, receiver: receiver))
    }

    func answered(_ attempt: Attempt, _ connection: UpstreamConnection, _ head: AnswerHead) {
        attempt.client.clearPartner(connection)
        attempt.receiver.answered(UpstreamAnswer(connection: connection, head: head))
    }

    func failed(_ attempt: Attempt, _ connection: UpstreamConnection, _ failure: UpstreamConnection.Failure) {
        attempt.client.clearPartner(connection)
        guard case .stale = failure else { return attempt.receiver.failed(Self.gateError(failure)) }
        // Nobody has passed a verdict on a connection that was closed before anything came back.
        let pool = pool(attempt.request.target)
        pool.target.breaker?.ended(.none, connection.admission, at: worker.now)
        do throws(GateError) {
            try takeRetry(pool, attempt.request)
        } catch {
            return attempt.receiver.failed(error)
        }
        exchangeLater(attempt, nil)
    }

    private func exchangeLater(_ attempt: Attempt, _ rest: (any BodySource)?) {
        attempt.client.run { [self] in
            do throws(GateError) {
                let answer = try await exchange(attempt.request, rest: rest, client: attempt.client)
                attempt.receiver.answered(answer)
            } catch {
                attempt.receiver.failed(error)
            }
        }
    }

    /// - Throws: unless the request may be sent once more.
    private func takeRetry(_ pool: Pool, _ request: UpstreamRequest) throws(GateError) {
        guard request.isWhole else { throw Self.gateError(.stale) }
        guard pool.budget.takeRetry(at: worker.now) else {
            worker.counters.retriesRefused.increment()
            throw GateError(.upstreamUnreachable, cause: "retry_budget")
        }
        worker.counters.retries.increment()
    }

    /// What a connection that could not be had says about the provider.
    private static func verdict(_ error: GateError) -> Breaker.Verdict {
        switch "\(error.cause)" {
        // The operator's own settings are in the way, and to be told of.
        case "address_denied", "tls_setup": .none
        default: error.source == .upstream ? .failure : .none
        }
    }

    private func ask(
        _ connection: UpstreamConnection,
        _ request: UpstreamRequest,
        _ rest: (any BodySource)?,
        _ client: RequestBody?,
        _ end: MonotonicTime,
        _ admission: Breaker.Admission
    ) async throws(UpstreamConnection.Failure) -> UpstreamAnswer {
        connection.admission = admission
        client?.setPartner(connection)
        defer { client?.clearPartner(connection) }
        connection.ask(request, rest: rest, end: end)
        return UpstreamAnswer(connection: connection, head: try await connection.answerHead())
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
        let now = worker.now
        pools = pools.filter { $0.value.open > 0 || !$0.value.budget.isForgotten(at: now) }
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
        // Without connections it stays for as long as its budget remembers anything.
        if pool.open == 0, pool.budget.isForgotten(at: worker.now) {
            pools[ObjectIdentifier(pool.target)] = nil
        }
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

    /// Begins a connection to one address, which has been judged.
    /// - Parameter done: called on the loop, once: with the connection when it stands, before any TLS, or with nothing.
    /// - Returns: what is under way and can be given up.
    /// - Throws: when there can be no TLS.
    func open(
        _ place: SocketAddress,
        _ pool: Pool,
        until end: MonotonicTime,
        _ done: @escaping (UpstreamConnection?) -> Void
    ) throws(GateError) -> Connecting? {
        let origin = pool.target.origin
        let trust = pool.target.trust ?? worker.trust
        let tls = origin.isSecure ? try trust.clientHandler(host: origin.host) : nil
        return Connecting.begin(place, on: worker, until: end) { [worker] descriptor in
            guard let descriptor else { return done(nil) }
            let connection = UpstreamConnection(worker: worker, pool: pool)
            guard let tls else {
                SocketTransport(descriptor, to: .provider, on: worker.loop, owner: connection).start()
                return done(connection)
            }
            do throws(GateError) {
                try Self.secure(connection, descriptor, with: tls, on: worker)
                done(connection)
            } catch {
                done(nil)
            }
        }
    }

    /// Begins TLS on a connected socket.
    private static func secure(
        _ connection: UpstreamConnection,
        _ descriptor: Descriptor,
        with handler: NIOSSLClientHandler,
        on worker: Worker
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
    public let retriesRefused = Counter()
    /// Requests given up before their answers were complete.
    public let cancelled = Counter()
    /// Connections that were not made because of where a name led.
    public let denied = Counter()

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
            Instrument(
                "gw_upstream_retries_refused_total",
                .counter,
                "Requests not sent again because the budget for that was used up."
            ) { [self] in Double(retriesRefused.current) },
            Instrument(
                "gw_upstream_cancelled_total",
                .counter,
                "Requests given up at the provider: the client left, or the answer was cut."
            ) { [self] in Double(cancelled.current) },
            Instrument(
                "gw_upstream_addresses_denied_total",
                .counter,
                "Connections not made because the name led to addresses that are not allowed."
            ) { [self] in Double(denied.current) },
        ]
    }
}
