import NIOCore
import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

// SEC-109, SEC-701
/// Two thousand clients at once that hardly say anything.
@Suite(.serialized, .enabled(if: Descriptors.allowed > 5000, "needs 5,000 open files"))
struct ManySlowClientsTests {
    static let count = 2000
    /// What each of them sends at first, what later, and the bound that ends it.
    private struct Slowness: Sendable {
        let first: String
        let later: String
        let limit: String
        let answer: String
    }

    private static let kinds = [
        "head_timeout": Slowness(
            first: "GET / HTTP/1.1\r\nX: ",
            later: "x",
            limit: "header_timeout",
            answer: "HTTP/1.1 408 "
        ),
        "body_rate": Slowness(first: Sample.post(1_000_000), later: "x", limit: "body_rate", answer: "HTTP/1.1 408 "),
        "silence": Slowness(first: "", later: "", limit: "idle", answer: ""),
    ]

    @Test(arguments: kinds.keys.sorted())
    func areAllCutAtTheirDeadlineWhileOthersAreServed(kind: String) async throws {
        let slowness = try #require(Self.kinds[kind])
        try await Bench.open(
            workers: 2,
            service: { worker in
                ClosureService(worker) { worker, head, body, reply in
                    if head.method == .get { return await ClosureService.paths(worker, head, body, reply) }
                    await ClosureService.bodies(worker, head, body, reply)
                }
            }
        ) { bench async throws in
            let slow = try await blocking { try (0..<Self.count).map { _ in try Socket.connect(port: bench.port) } }
            for socket in slow { socket.write(slowness.first.utf8) }
            try await wait(for: "all of them to be connected") { bench.door.openConnections == Self.count }
            let good = try bench.client()
            for _ in 0..<50 { try await bench.settle() }

            let deadline = kind == "silence" ? 60.0 : 10.0
            for step in 1...6 {
                try await bench.settle()
                try await bench.pass(deadline / 6 - 0.1)
                if step < 6, !slowness.later.isEmpty {
                    for socket in slow { socket.write(slowness.later.utf8) }
                }
                good.send("GET /good HTTP/1.1\r\nHost: x\r\n\r\n")
                #expect(try await good.answer().text == "/good", "after \(step) steps")
            }
            #expect(bench.door.openConnections == Self.count + 1)
            #expect(Self.reached(bench, slowness.limit) == 0)
            let held = try await bench.crew.onEach { worker in
                worker.watchedConnections.compactMap { $0 as? ServerConnection }.map {
                    $0.inbound.storageCapacity + $0.body.pendingBytes
                }.max() ?? 0
            }
            #expect(held.map(\.value).max() ?? .max <= 8192)

            // In one step over the deadline, and once more over the time that the answer may take.
            try await bench.pass(3)
            #expect(Self.reached(bench, slowness.limit) == Double(Self.count))
            try await bench.pass(EdgeLimits.lingerTime + 0.1)
            try await wait(for: "all of them to be gone") { bench.door.openConnections == 1 }
            for socket in [slow.first, slow.last].compactMap({ $0 }) {
                #expect(try await Self.read(socket).hasPrefix(slowness.answer))
            }
            good.send("GET /good HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try await good.answer().text == "/good")
            good.leave()
        }
    }

    private static func reached(_ bench: Bench, _ limit: String) -> Double {
        bench.door.instruments(door: "public").value("gw_edge_limit_reached_total", limit) ?? -1
    }

    private static func read(_ socket: Socket) async throws -> String {
        try await blocking {
            var all: [UInt8] = []
            while case .bytes(let bytes) = socket.read(milliseconds: 5000) { all += bytes }
            return String(decoding: all, as: UTF8.self)
        }
    }
}

private enum Descriptors {
    /// How many files this process may open, now that it has been allowed all that it can have.
    static let allowed: UInt = {
        var limit = rlimit()
        #if canImport(Glibc)
            let kind = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        #else
            let kind = RLIMIT_NOFILE
        #endif
        guard getrlimit(kind, &limit) == 0 else { return 0 }
        limit.rlim_cur = limit.rlim_max
        return setrlimit(kind, &limit) == 0 ? UInt(limit.rlim_cur) : 0
    }()
}
