import NIOCore
import OstiaryCore

// The way to a provider: name, addresses, the judgement on each of them, and a connection to one that passed. A name is
// never resolved again behind the check (SEC-502).
extension Dialler {
    /// Addresses that are tried for one connection.
    private static let attempts = 8

    /// Makes a connection for a request, or gets it a place on one that is being made.
    /// - Parameter avoided: a connection that has just refused the request.
    func connect(
        _ pool: Pool,
        _ client: RequestBody?,
        avoiding avoided: HTTP2ClientConnection? = nil
    ) async throws(GateError) -> UpstreamExchange {
        guard pool.target.speaksHTTP2 else { return try await connectAlone(pool, client) }
        let end = worker.clock.monotonic.advanced(bySeconds: pool.target.settings.connectTime)
        while true {
            // Another one may have made it while this one waited.
            if let exchange = openStream(pool, avoiding: avoided) { return exchange }
            guard pool.target.speaksHTTP2 else {
                if let connection = takeIdle(pool) { return connection }
                return try await connectAlone(pool, client)
            }
            guard worker.clock.monotonic < end else {
                throw GateError(.upstreamUnreachable, cause: "connect_timeout")
            }
            switch await sharedDial(pool).run(for: client) {
            case .made: break
            case .failed(let error): throw error
            case .left: throw GateError(.clientGone)
            }
        }
    }

    private func connectAlone(_ pool: Pool, _ client: RequestBody?) async throws(GateError) -> UpstreamExchange {
        switch try await dial(pool, client) {
        case .one(let connection): return connection
        case .many(let connection):
            guard let exchange = connection.openStream() else {
                throw GateError(.upstreamUnreachable, cause: "no_streams")
            }
            return exchange
        }
    }

    /// What everybody waits for who wants a stream while there is none to be had.
    private func sharedDial(_ pool: Pool) -> SharedDial {
        if let dial = pool.dial { return dial }
        let dial = SharedDial()
        pool.dial = dial
        worker.run { [self] in
            let ending: SharedDial.Ending
            do throws(GateError) {
                switch try await self.dial(pool, nil) {
                case .one(let connection):
                    giveBack(connection)
                    ending = .made
                case .many(let connection):
                    ending =
                        connection.hasRoom ? .made : .failed(GateError(.upstreamUnreachable, cause: "no_streams"))
                }
            } catch {
                ending = .failed(error)
            }
            pool.dial = nil
            dial.finish(ending)
        }
        return dial
    }

    /// Makes a connection.
    private func dial(_ pool: Pool, _ client: RequestBody?) async throws(GateError) -> UpstreamHandshake.Outcome {
        let end = worker.clock.monotonic.advanced(bySeconds: pool.target.settings.connectTime)
        let reached = try await reach(pool, client, until: end)
        let outcome: UpstreamHandshake.Outcome
        switch reached {
        case .plain(let connection): outcome = .one(connection)
        case .securing(let handshake):
            guard client?.isWanted ?? true else {
                handshake.giveUp()
                throw GateError(.clientGone)
            }
            client?.setPartner(handshake)
            defer { client?.clearPartner(handshake) }
            do throws(GateError) {
                outcome = try await handshake.untilReady()
            } catch {
                throw client?.isWanted ?? true ? error : GateError(.clientGone)
            }
        }
        guard client?.isWanted ?? true else {
            switch outcome {
            case .one(let connection): connection.close()
            // It has nothing to do and waits for the next.
            case .many: break
            }
            throw GateError(.clientGone)
        }
        return outcome
    }

    private func reach(
        _ pool: Pool,
        _ client: RequestBody?,
        until end: MonotonicTime
    ) async throws(GateError) -> Reached {
        let (places, isFresh) = try await places(of: pool.target, client, until: end)
        let first = await Race(worker, pool, to: places, until: end).run(for: client)
        guard case .refused = first, !isFresh else { return try Self.connection(first) }
        // Nobody is where the name led to some time ago.
        pool.target.addresses.book.tear(out: pool.target.origin.host.lowercased())
        let (newPlaces, _) = try await self.places(of: pool.target, client, until: end)
        return try Self.connection(await Race(worker, pool, to: newPlaces, until: end).run(for: client))
    }

    private static func connection(_ ending: Race.Ending) throws(GateError) -> Reached {
        switch ending {
        case .won(let connection): return connection
        case .refused: throw GateError(.upstreamUnreachable, cause: "connect")
        case .late: throw GateError(.upstreamUnreachable, cause: "connect_timeout")
        case .left: throw GateError(.clientGone)
        case .broken(let error): throw error
        }
    }

    /// Where a target may be connected to, in the order to try.
    private func places(
        of target: UpstreamTarget,
        _ client: RequestBody?,
        until end: MonotonicTime
    ) async throws(GateError) -> ([SocketAddress], isFresh: Bool) {
        let origin = target.origin
        if let path = origin.socketPath {
            guard let place = try? SocketAddress(unixDomainSocketPath: path) else {
                throw GateError(.upstreamUnreachable, cause: "connect")
            }
            return ([place], true)
        }
        let (addresses, isFresh) = try await addresses(of: target, client, until: end)
        guard !addresses.isEmpty else { throw GateError(.upstreamUnreachable, cause: "no_address") }
        let permitted = addresses.filter(target.addresses.rules.permits)
        guard let first = permitted.first else {
            worker.counters.denied.increment()
            target.addresses.denied(addresses[0].kind, at: worker.clock.monotonic)
            throw GateError(.upstreamUnreachable, cause: "address_denied")
        }
        // One family after the other, so that a broken one costs one head start.
        let same = permitted.filter { $0.isSix == first.isSix }
        let other = permitted.filter { $0.isSix != first.isSix }
        var mixed: [IPAddress] = []
        for index in 0..<max(same.count, other.count) {
            if index < same.count { mixed.append(same[index]) }
            if index < other.count { mixed.append(other[index]) }
        }
        return (mixed.prefix(Self.attempts).compactMap { $0.socketAddress(port: origin.port) }, isFresh)
    }

    private func addresses(
        of target: UpstreamTarget,
        _ client: RequestBody?,
        until end: MonotonicTime
    ) async throws(GateError) -> ([IPAddress], isFresh: Bool) {
        let host = target.origin.host.lowercased()
        if let address = IPAddress(host) { return ([address], true) }
        if HostName.isThisMachine(host) { return (IPAddress.thisMachine, true) }
        let now = worker.clock.monotonic
        let found = await Lookup(worker, until: end).run(for: client) { callback in
            target.addresses.book.look(up: host, at: now, callback)
        }
        switch found.ending {
        case .answered(let addresses): return (addresses, found.isFresh)
        case .late: throw GateError(.upstreamUnreachable, cause: "name_timeout")
        case .left: throw GateError(.clientGone)
        }
    }
}
