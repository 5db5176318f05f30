import Foundation
import NIOCore
import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryWire

/// Which connections to a provider are kept, and which are used again (SEC-509).
@Suite struct ReuseTests {
    @Test func usesOneConnectionForManyRequests() async throws {
        let upstream = try RecordingUpstream()
        try await Bench.relay(upstream) { bench, client async throws in
            for number in 0..<5 {
                client.send(Sample.post("body \(number)"))
                #expect(try await client.answer().status == 200)
            }
            #expect(upstream.connections.count == 1)
            #expect(upstream.requests.map(\.message.text) == (0..<5).map { "body \($0)" })
            #expect(bench.counters.idle.current == 1)
            #expect(bench.counters.open.current == 1)
        }
    }

    @Test func asksOnceMoreWhenAKeptConnectionWasClosed() async throws {
        let upstream = try RecordingUpstream { request in
            request.connection == 0 && request.number == 1 ? [.reset] : [.answer()]
        }
        try await Bench.relay(upstream) { bench, client async throws in
            client.send(Sample.post("one"))
            #expect(try await client.answer().status == 200)
            client.send(Sample.post("two"))
            #expect(try await client.answer().status == 200)
            #expect(upstream.requests.map(\.message.text) == ["one", "two", "two"])
            #expect(bench.counters.retries.current == 1)
        }
    }

    @Test func asksOnceMoreOnlyOnce() async throws {
        let upstream = try RecordingUpstream { $0.number == 0 ? [.answer()] : [.reset] }
        try await Bench.relay(upstream) { bench, client async throws in
            client.send(Sample.post("one"))
            #expect(try await client.answer().status == 200)
            client.send(Sample.post("two"))
            #expect(try await client.answer().status == 502)
            #expect(upstream.requests.count == 3)
        }
    }

    @Test func doesNotAskAgainAfterABrokenAnswer() async throws {
        let upstream = try RecordingUpstream {
            $0.number == 0 ? [.answer()] : [.send("HTTP/1.1 2"), .close]
        }
        try await Bench.relay(upstream) { bench, client async throws in
            client.send(Sample.post("one"))
            #expect(try await client.answer().status == 200)
            client.send(Sample.post("two"))
            #expect(try await client.answer().status == 502)
            #expect(upstream.requests.count == 2)
        }
    }

    // SEC-509
    @Test(arguments: [
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil",
        "HTTP/1.1 204 No Content\r\ncontent-length: 4\r\n\r\nevil",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\nevil",
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok",
    ])
    func doesNotKeepAConnectionWithSomethingLeftOver(_ raw: String) async throws {
        let upstream = try RecordingUpstream { request in
            request.number == 0 ? [.send(raw)] : [.answer("good")]
        }
        try await Bench.relay(upstream) { _, client async throws in
            client.send(Sample.get)
            let first = try await client.answer()
            #expect(first.isComplete)
            #expect(!first.text.contains("evil"))
            client.send(Sample.get)
            #expect(try await client.answer().text == "good")
            #expect(upstream.requests.map(\.connection) == [0, 1])
        }
    }

    @Test func dropsAKeptConnectionThatSpeaksUnasked() async throws {
        let latch = Latch()
        let upstream = try RecordingUpstream { request in
            request.number == 0
                ? [.answer(), .wait(latch), .send("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil")]
                : [.answer("good")]
        }
        try await Bench.relay(upstream) { bench, client async throws in
            client.send(Sample.get)
            _ = try await client.answer()
            latch.open()
            try await upstream.left(0)
            #expect(bench.counters.idle.current == 0)
            client.send(Sample.get)
            #expect(try await client.answer().text == "good")
        }
    }

    @Test func closesKeptConnectionsThatNobodyUses() async throws {
        let upstream = try RecordingUpstream()
        try await Bench.relay(upstream) { bench, client async throws in
            client.send(Sample.get)
            _ = try await client.answer()
            try await bench.settle()
            #expect(bench.counters.idle.current == 1)
            try await bench.pass(31)
            try await upstream.left(0)
            #expect(bench.counters.idle.current == 0)
            #expect(bench.counters.open.current == 0)
        }
    }

    @Test func keepsNoMoreConnectionsThanItsBound() async throws {
        let latch = Latch()
        let upstream = try RecordingUpstream { _ in [.wait(latch), .answer()] }
        var settings = DialSettings()
        settings.idleConnections = 2
        try await Bench.relay(upstream, settings: settings) { bench, _ async throws in
            let clients = try (0..<4).map { _ in try bench.client() }
            for client in clients { client.send(Sample.get) }
            try await upstream.requests(4)
            latch.open()
            for client in clients { #expect(try await client.answer().status == 200) }
            try await bench.settle()
            #expect(bench.counters.idle.current == 2)
        }
    }
}
