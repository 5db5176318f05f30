import NIOCore
import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryWire

/// Connecting on a worker's loop, with a clock that moves by hand.
@Suite struct ConnectingTests {
    private struct Rig: Sendable {
        let crew: Crew
        let clock: ManualClock

        static func with(_ body: (Rig) async throws -> Void) async throws {
            let clock = ManualClock()
            let crew = try Crew(count: 1, clock: clock, trust: Trust(), counters: DialCounters())
            do {
                try await body(Rig(crew: crew, clock: clock))
            } catch {
                await crew.stop()
                throw error
            }
            await crew.stop()
        }

        /// The port that was reached; `nil` when there is no connection.
        func connect(to address: SocketAddress) async -> Int? {
            await crew.onFirst { worker in
                await withUnsafeContinuation { (waiter: UnsafeContinuation<Int?, Never>) in
                    Connecting.begin(address, on: worker, until: worker.clock.monotonic.advanced(bySeconds: 5)) {
                        waiter.resume(returning: $0?.remoteAddress?.port)
                        $0?.close()
                    }
                }
            }
        }
    }

    private static func loopback(_ port: Int) throws -> SocketAddress {
        try SocketAddress(ipAddress: "127.0.0.1", port: port)
    }

    /// A port that nobody listens at.
    private static func deadPort() throws -> Int { try Socket.listen().port }

    @Test func reachesWhoListens() async throws {
        try await Rig.with { rig async throws in
            let (listening, port) = try Socket.listen()
            #expect(try await rig.connect(to: Self.loopback(port)) == port)
            #expect(listening.accept(milliseconds: 1000) != nil)
        }
    }

    @Test func saysThatNobodyIsThere() async throws {
        try await Rig.with { rig async throws in
            #expect(try await rig.connect(to: Self.loopback(Self.deadPort())) == nil)
        }
    }

    /// A listener whose backlog is full lets no handshake end.
    private static func full() throws -> (listening: Socket, port: Int, callers: [Socket]) {
        let (listening, port) = try Socket.listen(backlog: 0)
        return (listening, port, [try Socket.connect(port: port)])
    }

    @Test func givesUpAfterItsTime() async throws {
        try await Rig.with { rig async throws in
            let (listening, port, callers) = try Self.full()
            async let result = rig.connect(to: try Self.loopback(port))
            try await wait(for: "the attempt is watched") { await rig.crew.onFirst(\.isWaiting) }
            rig.clock.advance(4.9)
            try await rig.crew.checkDeadlines()
            #expect(await rig.crew.onFirst(\.isWaiting))
            rig.clock.advance(0.2)
            try await rig.crew.checkDeadlines()
            #expect(try await result == nil)
            #expect(await rig.crew.onFirst { $0.loop.poller.count } == 0)
            withExtendedLifetime((listening, callers)) {}
        }
    }

    // SEC-703
    @Test func stopsWhenTheClientLeaves() async throws {
        let (listening, port, callers) = try Self.full()
        let origin = try #require(Origin("http://127.0.0.1:\(port)"))
        let deliveries = Observed<[Delivery]>([])
        try await Bench.open(service: { Forwarder($0, to: origin, deliveries: deliveries) }) { bench async throws in
            let client = try bench.client()
            client.send(Sample.get)
            try await wait(for: "the connection to the provider is under way") {
                await bench.crew.onFirst(\.isConnecting)
            }
            client.leave()
            try await deliveries.wait("the service ends") { $0.first?.cut == .client }
            #expect(await !bench.crew.onFirst(\.isConnecting))
        }
        withExtendedLifetime((listening, callers)) {}
    }

    @Test func endsWithItsLoop() async throws {
        let (listening, port, callers) = try Self.full()
        try await Rig.with { rig async throws in
            async let result = rig.connect(to: try Self.loopback(port))
            try await wait(for: "the attempt is watched") { await rig.crew.onFirst(\.isWaiting) }
            await rig.crew.stop()
            #expect(try await result == nil)
        }
        withExtendedLifetime((listening, callers)) {}
    }
}

extension Worker {
    fileprivate var isWaiting: Bool { loop.poller.count > 0 }
    fileprivate var isConnecting: Bool { loop.poller.all.contains { $0 is Connecting } }
}
