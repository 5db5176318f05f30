import Foundation
import Glibc
import NIOCore
import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryWire

/// Listening sockets: who may share a place, and what becomes of connections when one of them goes.
@Suite struct ListenerTests {
    private static func rig(_ count: Int = 1) throws -> (crew: Crew, door: Door) {
        let crew = try Crew(count: count, clock: ManualClock(), trust: Trust(), counters: DialCounters())
        return (crew, Door(limits: EdgeLimits()))
    }

    private static func named(_ name: String) -> @Sendable (Worker) -> any EdgeService {
        { worker in
            ClosureService(worker) { _, _, _, reply in
                _ = reply.send(status: 200, body: ByteBuffer(string: "\(name)"))
            }
        }
    }

    private static func isInUse(_ error: any Error) -> Bool { (error as? IOError)?.errnoCode == EADDRINUSE }

    @Test func putsAllWorkersOnThePortThatTheSystemChose() async throws {
        let asked = Observed<Set<Int>>([])
        try await Bench.open(
            workers: 4,
            service: { worker in
                ClosureService(worker) { worker, _, _, reply in
                    asked.change { _ = $0.insert(worker.index) }
                    _ = reply.send(status: 200, body: ByteBuffer())
                }
            }
        ) { bench async throws in
            #expect(bench.port != 0)
            // Each connection has a port of its own, by which the kernel chooses.
            try await wait(for: "every worker has a connection") {
                let client = try bench.client()
                client.send(Sample.get)
                #expect(try await client.answer().status == 200)
                return asked.value.count == 4
            }
        }
    }

    @Test func saysThatAPlaceIsTaken() async throws {
        try await Bench.open(workers: 2, service: echoingPaths) { bench async throws in
            let (crew, door) = try Self.rig()
            await #expect {
                try await Listener.open(
                    .address(host: "127.0.0.1", port: bench.port),
                    door: door,
                    crew: crew,
                    service: echoingPaths
                )
            } throws: { Self.isInUse($0) }
            await crew.stop()
            let client = try bench.client()
            client.send(Sample.get)
            #expect(try await client.answer().text == "/a")
        }
    }

    /// A process that shares nothing is not shared with, wanted or not.
    @Test func overlapsOnlyWithThoseThatLetIt() async throws {
        let (listening, port) = try Socket.listen()
        let (crew, door) = try Self.rig()
        await #expect {
            try await Listener.open(
                .address(host: "127.0.0.1", port: port),
                door: door,
                crew: crew,
                overlap: true,
                service: echoingPaths
            )
        } throws: { Self.isInUse($0) }
        await crew.stop()
        withExtendedLifetime(listening) {}
    }

    /// Whatever the two have of workers: all new connections come to the newer, and to all of its workers in the end.
    @Test(arguments: [(1, 1), (2, 2), (3, 1), (1, 3)])
    func handsAPortFromOneToTheOther(_ oldCount: Int, _ newCount: Int) async throws {
        let (oldCrew, oldDoor) = try Self.rig(oldCount)
        let (newCrew, newDoor) = try Self.rig(newCount)
        let old = try await Listener.open(
            .address(host: "127.0.0.1", port: 0),
            door: oldDoor,
            crew: oldCrew,
            service: Self.named("old")
        )
        let port = try #require(old.port)
        #expect(try await Self.ask(port) == "old")
        let new = try await Listener.open(
            .address(host: "127.0.0.1", port: port),
            door: newDoor,
            crew: newCrew,
            overlap: true,
            service: Self.numbered
        )
        for _ in 0..<50 { #expect(try await Self.ask(port) != "old") }
        await old.stopAccepting()
        var seen: Set<String> = []
        for _ in 0..<500 where seen.count < newCount { seen.insert(try await Self.ask(port)) }
        #expect(seen == Set((0..<newCount).map { "\($0)" }))
        await new.stopAccepting()
        #expect(throws: (any Error).self) { try RawConnection(port: port) }
        await oldCrew.stop()
        await newCrew.stop()
    }

    private static func numbered(_ worker: Worker) -> any EdgeService {
        ClosureService(worker) { worker, _, _, reply in
            _ = reply.send(status: 200, body: ByteBuffer(string: "\(worker.index)"))
        }
    }

    @Test(arguments: ["127.0.0.1", "::1"])
    func countsWhoListens(_ host: String) throws {
        var address = try SocketAddress(ipAddress: host, port: 0)
        let socket = Descriptor(number: Glibc.socket(address.protocol.rawValue, Int32(SOCK_STREAM.rawValue), 0))
        defer { socket.close() }
        #expect(address.withSockAddr { bind(socket.number, $0, socklen_t($1)) } == 0)
        address = try #require(socket.localAddress)
        #expect(Listening.count(at: address) == 0)
        #expect(listen(socket.number, 1) == 0)
        #expect(Listening.count(at: address) == 1)
        #expect(Listening.count(at: try SocketAddress(unixDomainSocketPath: "/x")) == nil)
    }

    private static func ask(_ port: Int) async throws -> String {
        let client = try RawConnection(port: port)
        client.send(Sample.get)
        return try await client.answer().text
    }

    @Test func takesInWhatTheKernelHasBeforeItCloses() async throws {
        let (crew, door) = try Self.rig()
        let listener = try await Listener.open(
            .address(host: "127.0.0.1", port: 0),
            door: door,
            crew: crew,
            service: Self.named("here")
        )
        let port = try #require(listener.port)
        // The worker is busy until all have connected, and stops then, before it has looked at any.
        let isBusy = Latch()
        let goOn = Latch()
        let worker = crew.workers[0]
        let stopped = worker.value.loop.submit {
            isBusy.open()
            while !goOn.isOpen { usleep(1000) }
            for case let socket as ListeningSocket in worker.value.loop.poller.all { socket.stop() }
        }
        try await isBusy.wait()
        let clients = try (0..<100).map { _ in try RawConnection(port: port) }
        goOn.open()
        try await stopped.get()
        #expect(throws: (any Error).self) { try RawConnection(port: port) }
        for client in clients {
            client.send(Sample.get)
            #expect(try await client.answer().text == "here")
        }
        await listener.stopAccepting()
        await crew.stop()
    }

    /// Small answers must not wait for the peer's acknowledgement of the one before.
    @Test func sendsWithoutDelayBothWays() async throws {
        let upstream = try RecordingUpstream()
        try await Bench.relay(upstream) { bench, client async throws in
            client.send(Sample.get)
            #expect(try await client.answer().status == 200)
            let delays = await bench.crew.onFirst { worker in
                worker.loop.poller.all.compactMap { $0 as? SocketTransport }.map { transport in
                    var isOff: Int32 = 0
                    var length = socklen_t(MemoryLayout<Int32>.size)
                    getsockopt(transport.descriptor.number, Int32(IPPROTO_TCP), TCP_NODELAY, &isOff, &length)
                    return isOff
                }
            }
            #expect(delays == [1, 1])
        }
    }

    /// What the kernel takes for a client that reads nothing is bounded, and with it what the provider sends in vain.
    @Test func holdsBackSoonForAClientThatReadsNothing() async throws {
        let written = Observed(0)
        try await Bench.open(service: { worker in
            ClosureService(worker) { _, _, _, reply in
                var stream = reply.stream(status: 200)
                let piece = ByteBuffer(repeating: 0x61, count: 16 * 1024)
                while (try? await stream.write(piece)) != nil { written.change { $0 += piece.readableBytes } }
                _ = stream.cut(.client)
            }
        }) { bench async throws in
            let client = try bench.client(receiveBuffer: 4096)
            client.send(Sample.get)
            try await wait(for: "the gate has nowhere to put more") {
                await bench.crew.onFirst { worker in
                    worker.loop.poller.all.contains { ($0 as? SocketTransport)?.isWritable == false }
                }
            }
            #expect(written.value < 512 * 1024)
            client.reset()
        }
    }

    @Test func resolvesTheNameOfItsPlace() async throws {
        try await Bench.open(place: .address(host: "localhost", port: 0), service: echoingPaths) { bench async throws in
            #expect(bench.port != 0)
        }
    }

    // MARK: Socket files

    private static func path() -> String { NSTemporaryDirectory() + "ostiary-\(UInt32.random(in: 0 ... .max)).sock" }

    private static func ask(_ path: String) async throws -> String {
        let client = try RawConnection(path: path)
        client.send(Sample.get)
        return try await client.answer().text
    }

    @Test func sharesASocketFileAmongItsWorkersAndRemovesIt() async throws {
        let path = Self.path()
        try await Bench.open(workers: 3, place: .unixSocket(path: path), service: Self.named("x")) { _ async throws in
            for _ in 0..<30 { #expect(try await Self.ask(path) == "x") }
        }
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test func replacesASocketFileThatNobodyAnswersAt() async throws {
        let path = Self.path()
        let (crew, door) = try Self.rig()
        let place = Listener.Place.unixSocket(path: path)
        _ = try await Listener.open(place, door: door, crew: crew, service: Self.named("gone"))
        // Without a word, as after a crash.
        await crew.stop()
        #expect(FileManager.default.fileExists(atPath: path))
        try await Bench.open(place: place, service: Self.named("new")) { _ async throws in
            #expect(try await Self.ask(path) == "new")
        }
    }

    @Test func leavesASocketFileToWhoAnswersThere() async throws {
        let path = Self.path()
        let place = Listener.Place.unixSocket(path: path)
        try await Bench.open(place: place, service: Self.named("first")) { _ async throws in
            let (crew, door) = try Self.rig()
            await #expect {
                try await Listener.open(place, door: door, crew: crew, service: Self.named("second"))
            } throws: { Self.isInUse($0) }
            await crew.stop()
            #expect(try await Self.ask(path) == "first")
        }
    }

    @Test func handsASocketFileFromOneToTheOther() async throws {
        let path = Self.path()
        let place = Listener.Place.unixSocket(path: path)
        let (oldCrew, oldDoor) = try Self.rig()
        let old = try await Listener.open(place, door: oldDoor, crew: oldCrew, service: Self.named("old"))
        let (newCrew, newDoor) = try Self.rig()
        let new = try await Listener.open(
            place,
            door: newDoor,
            crew: newCrew,
            overlap: true,
            service: Self.named("new")
        )
        #expect(try await Self.ask(path) == "new")
        // The file is the other's by now.
        await old.stopAccepting()
        #expect(try await Self.ask(path) == "new")
        await new.stopAccepting()
        #expect(!FileManager.default.fileExists(atPath: path))
        await oldCrew.stop()
        await newCrew.stop()
    }

    @Test func removesNothingThatIsNoSocket() async throws {
        let path = Self.path()
        #expect(FileManager.default.createFile(atPath: path, contents: Data("mine".utf8)))
        let (crew, door) = try Self.rig()
        await #expect {
            try await Listener.open(.unixSocket(path: path), door: door, crew: crew, service: echoingPaths)
        } throws: { Self.isInUse($0) }
        await crew.stop()
        #expect(FileManager.default.contents(atPath: path) == Data("mine".utf8))
        unlink(path)
    }

    // MARK: Pipelines

    @Test func letsAPipelineCarryItsConnections() async throws {
        let (crew, door) = try Self.rig()
        let listener = try await Listener.open(
            .address(host: "127.0.0.1", port: 0),
            door: door,
            crew: crew,
            pipeline: { channel, arrival in
                let connection = ServerConnection(
                    worker: arrival.worker,
                    door: arrival.door,
                    peer: arrival.peer,
                    service: arrival.service
                )
                try channel.pipeline.syncOperations.addHandler(ChannelTransport(owner: connection))
            },
            service: echoingPaths
        )
        let client = try RawConnection(port: try #require(listener.port))
        for path in ["/a", "/b"] {
            client.send("GET \(path) HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try await client.answer().text == path)
        }
        client.leave()
        try await wait(for: "the place is given back") { door.openConnections == 0 }
        await listener.stopAccepting()
        await crew.stop()
    }

    @Test func givesThePlaceBackWhenAPipelineCannotBeMade() async throws {
        struct Refused: Error {}
        let (crew, door) = try Self.rig()
        let listener = try await Listener.open(
            .address(host: "127.0.0.1", port: 0),
            door: door,
            crew: crew,
            pipeline: { _, _ in throw Refused() },
            service: echoingPaths
        )
        let client = try RawConnection(port: try #require(listener.port))
        try await client.receiveEnd()
        #expect(door.openConnections == 0)
        await listener.stopAccepting()
        await crew.stop()
    }
}
