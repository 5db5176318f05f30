import NIOCore
import OstiaryCore

// The way to a provider: name, addresses, the judgement on each of them, and a connection to one that passed. A name is
// never resolved again behind the check (SEC-502).
extension Dialler {
    /// Addresses that are tried for one connection.
    private static let attempts = 8

    func connect(_ pool: Pool, _ client: RequestBody?) async throws(GateError) -> UpstreamConnection {
        let end = worker.clock.monotonic.advanced(bySeconds: pool.target.settings.connectTime)
        let connection = try await reach(pool, client, until: end)
        if pool.target.origin.isSecure, client?.isWanted ?? true {
            client?.setPartner(connection)
            defer { client?.clearPartner(connection) }
            do throws(GateError) {
                try await connection.untilReady()
            } catch {
                throw client?.isWanted ?? true ? error : GateError(.clientGone)
            }
        }
        guard client?.isWanted ?? true else {
            connection.giveUp()
            throw GateError(.clientGone)
        }
        return connection
    }

    private func reach(
        _ pool: Pool,
        _ client: RequestBody?,
        until end: MonotonicTime
    ) async throws(GateError) -> UpstreamConnection {
        let (places, isFresh) = try await places(of: pool.target, client, until: end)
        let first = await Race(worker, pool, to: places, until: end).run(for: client)
        guard case .refused = first, !isFresh else { return try Self.connection(first) }
        // Nobody is where the name led to some time ago.
        pool.target.addresses.book.tear(out: pool.target.origin.host.lowercased())
        let (newPlaces, _) = try await self.places(of: pool.target, client, until: end)
        return try Self.connection(await Race(worker, pool, to: newPlaces, until: end).run(for: client))
    }

    private static func connection(_ ending: Race.Ending) throws(GateError) -> UpstreamConnection {
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
