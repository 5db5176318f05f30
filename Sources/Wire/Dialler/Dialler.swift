import NIOCore
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
/// Redirects are never followed. A request is sent once more only when the provider has not taken it, the whole body is
/// at hand, and the target's budget for that is not used up. It was not taken when a kept connection turned out to be
/// closed before any byte came back, or when the provider says so: a stream that it refused, or that lies beyond the
/// last one of its GOAWAY (RFC 9113 sections 6.8 and 8.7).
///
/// A provider that speaks HTTP/2 gets one connection, and another one only while all streams of the first are taken.
/// Until it has agreed to HTTP/2 once, connections are made as for HTTP/1.1: one for each request that finds none.
public final class Dialler {
    /// The kept connections to one target.
    final class Pool {
        let target: UpstreamTarget
        var idle: [UpstreamConnection] = []
        /// Those that carry many requests; the first one that has room is used.
        var shared: [HTTP2ClientConnection] = []
        /// One of those, while it is being made.
        var dial: SharedDial?
        /// Connections in all, kept, in use, or being made.
        var open = 0
        var budget = RetryBudget()

        var isUsed: Bool { open > 0 || dial != nil }

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
        var avoided: HTTP2ClientConnection?
        var isRepeated = false
        while true {
            let exchange: UpstreamExchange
            if !isRepeated, let kept = takeKept(pool) {
                exchange = kept
            } else {
                do throws(GateError) {
                    exchange = try await connect(pool, client, avoiding: avoided)
                } catch {
                    breaker?.ended(Self.verdict(error), admission, at: worker.now)
                    throw error
                }
            }
            do throws(UpstreamExchange.Failure) {
                return try await ask(exchange, request, rest, client, end, admission)
            } catch {
                // Of a request that was not taken nobody has passed a verdict yet.
                guard case .stale = error else { throw Self.gateError(error) }
                do throws(GateError) {
                    guard !isRepeated else { throw Self.gateError(error) }
                    try takeRetry(pool, request)
                } catch {
                    breaker?.ended(isRepeated ? .failure : .none, admission, at: worker.now)
                    throw error
                }
                isRepeated = true
                avoided = (exchange as? HTTP2ClientExchange)?.connection
            }
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
        guard request.isWhole, client.isWanted, pool.target.settings.wholeTime == nil, hasKept(pool) else {
            return exchangeLater(Attempt(request: request, client: client, receiver: receiver), rest)
        }
        let admission: Breaker.Admission
        do throws(GateError) {
            admission = try pool.target.breaker?.admit(at: worker.now) ?? .ordinary
        } catch {
            return receiver.failed(error)
        }
        guard let kept = takeKept(pool) else { return receiver.failed(GateError(.internalError, cause: "pool_empty")) }
        kept.admission = admission
        client.setPartner(kept)
        kept.ask(request, rest: nil, end: .never)
        kept.tell(Attempt(request: request, client: client, receiver: receiver))
    }

    func answered(_ attempt: Attempt, _ exchange: UpstreamExchange, _ head: AnswerHead) {
        attempt.client.clearPartner(exchange)
        attempt.receiver.answered(UpstreamAnswer(exchange, head: head))
    }

    func failed(_ attempt: Attempt, _ exchange: UpstreamExchange, _ failure: UpstreamExchange.Failure) {
        attempt.client.clearPartner(exchange)
        guard case .stale = failure else { return attempt.receiver.failed(Self.gateError(failure)) }
        // Nobody has passed a verdict on a request that was not taken.
        let pool = pool(attempt.request.target)
        pool.target.breaker?.ended(.none, exchange.admission, at: worker.now)
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
        _ exchange: UpstreamExchange,
        _ request: UpstreamRequest,
        _ rest: (any BodySource)?,
        _ client: RequestBody?,
        _ end: MonotonicTime,
        _ admission: Breaker.Admission
    ) async throws(UpstreamExchange.Failure) -> UpstreamAnswer {
        exchange.admission = admission
        client?.setPartner(exchange)
        defer { client?.clearPartner(exchange) }
        exchange.ask(request, rest: rest, end: end)
        return UpstreamAnswer(exchange, head: try await exchange.answerHead())
    }

    private static func gateError(_ failure: UpstreamExchange.Failure) -> GateError {
        switch failure {
        case .stale: GateError(.upstreamUnreachable, cause: "closed_early")
        case .gone(let error): error
        }
    }

    // MARK: The pool

    private func pool(_ target: UpstreamTarget) -> Pool {
        if let pool = pools[ObjectIdentifier(target)] { return pool }
        let now = worker.now
        pools = pools.filter { $0.value.isUsed || !$0.value.budget.isForgotten(at: now) }
        let pool = Pool(target)
        pools[ObjectIdentifier(target)] = pool
        return pool
    }

    private func hasKept(_ pool: Pool) -> Bool { !pool.idle.isEmpty || pool.shared.contains { $0.hasRoom } }

    private func takeKept(_ pool: Pool) -> UpstreamExchange? {
        if let connection = takeIdle(pool) { return connection }
        return openStream(pool)
    }

    /// A stream on a connection that has room for one.
    func openStream(_ pool: Pool, avoiding avoided: HTTP2ClientConnection? = nil) -> HTTP2ClientExchange? {
        for connection in pool.shared where connection !== avoided {
            if let exchange = connection.openStream() { return exchange }
        }
        return nil
    }

    func takeIdle(_ pool: Pool) -> UpstreamConnection? {
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

    /// A connection stands, or is about to.
    func opened(_ pool: Pool) {
        worker.counters.open.add(1)
        pool.open += 1
    }

    /// A connection is gone.
    func closed(_ pool: Pool) {
        worker.counters.open.add(-1)
        pool.open -= 1
        // Without connections it stays for as long as its budget remembers anything.
        if !pool.isUsed, pool.budget.isForgotten(at: worker.now) {
            pools[ObjectIdentifier(pool.target)] = nil
        }
    }

    /// Takes a closed connection out of the books.
    func forget(_ connection: UpstreamConnection) {
        let pool = connection.pool
        if let index = pool.idle.firstIndex(where: { $0 === connection }) {
            pool.idle.remove(at: index)
            worker.counters.idle.add(-1)
        }
        closed(pool)
    }

    /// Closes every kept connection.
    func drain() {
        for pool in pools.values { closeIdle(pool) }
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
        for connection in pool.shared { connection.closeIfIdle() }
    }

    // MARK: Connecting

    /// What a connection is as soon as it stands.
    enum Reached {
        case plain(UpstreamConnection)
        /// Its TLS is still being made.
        case securing(UpstreamHandshake)

        /// Ends a connection that has carried nothing.
        func giveUp() {
            switch self {
            case .plain(let connection): connection.close()
            case .securing(let handshake): handshake.giveUp()
            }
        }
    }

    /// Begins a connection to one address, which has been judged.
    /// - Parameter done: called on the loop, once: with the connection when it stands, before any TLS, or with nothing.
    /// - Returns: what is under way and can be given up.
    /// - Throws: when there can be no TLS.
    func open(
        _ place: SocketAddress,
        _ pool: Pool,
        until end: MonotonicTime,
        _ done: @escaping (Reached?) -> Void
    ) throws(GateError) -> Connecting? {
        let origin = pool.target.origin
        let trust = pool.target.trust ?? worker.trust
        let tls =
            origin.isSecure
            ? try trust.clientHandler(host: origin.host, offersHTTP2: pool.target.settings.offersHTTP2) : nil
        return Connecting.begin(place, on: worker, until: end) { [worker] descriptor in
            guard let descriptor else { return done(nil) }
            guard let tls else {
                let connection = UpstreamConnection(worker: worker, pool: pool)
                SocketTransport(descriptor, to: .provider, on: worker.loop, owner: connection).start()
                return done(.plain(connection))
            }
            let handshake = UpstreamHandshake(worker: worker, pool: pool)
            do {
                try SocketChannel.open(descriptor, to: .provider, on: worker.loop) { channel in
                    try channel.pipeline.syncOperations.addHandlers(tls, ChannelTransport(owner: handshake))
                }
                done(.securing(handshake))
            } catch {
                done(nil)
            }
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
    let http2 = HTTP2Figures()

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
                "Requests sent again because the provider had not taken them."
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
        ] + http2.instruments(of: .providers)
    }
}
