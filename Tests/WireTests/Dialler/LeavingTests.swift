import Foundation
import NIOCore
import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryWire

/// A client that leaves takes its request to the provider along (SEC-703).
@Suite struct LeavingTests {
    // SEC-703
    @Test(arguments: [false, true])
    func leavesTheProviderWhenTheClientLeavesBeforeTheHead(_ byReset: Bool) async throws {
        let upstream = try RecordingUpstream { _ in [.wait(Latch())] }
        let deliveries = Observed<[Delivery]>([])
        try await Bench.relay(upstream, deliveries: deliveries) { bench, client async throws in
            client.send(Sample.post("question"))
            try await upstream.requests(1)
            if byReset { client.reset() } else { client.leave() }
            try await upstream.left(0)
            try await deliveries.wait("the service ends") { $0.first?.cut == .client }
            #expect(bench.counters.open.current == 0)
        }
    }

    @Test func leavesTheProviderWhenTheClientLeavesDuringTheStream() async throws {
        let upstream = try RecordingUpstream { _ in
            [.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n"), .wait(Latch())]
        }
        let deliveries = Observed<[Delivery]>([])
        try await Bench.relay(upstream, deliveries: deliveries) { _, client async throws in
            client.send(Sample.get)
            try await client.receive(until: "hello")
            client.leave()
            try await upstream.left(0)
            #expect(try await deliveries.wait("a delivery") { !$0.isEmpty }.first?.cut == .client)
        }
    }

    @Test func leavesTheProviderWhenAPausedClientLeaves() async throws {
        let upstream = try RecordingUpstream { _ in [.wait(Latch())] }
        try await Bench.relay(upstream) { _, client async throws in
            // More than the window, so that the client is paused while it waits.
            client.send(Sample.get + String(repeating: Sample.get, count: 4000))
            try await upstream.requests(1)
            client.leave()
            try await upstream.left(0)
        }
    }

    @Test func leavesTheProviderWhenTheClientLeavesWithinItsBody() async throws {
        let upstream = try RecordingUpstream()
        try await Bench.relay(upstream) { _, client async throws in
            client.send("POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhalf")
            try await upstream.record.wait("the beginning comes") { record in
                record.connections.first.map { String(decoding: $0, as: UTF8.self).hasSuffix("half") } ?? false
            }
            client.leave()
            try await upstream.left(0)
            #expect(upstream.requests.isEmpty)
        }
    }
}
