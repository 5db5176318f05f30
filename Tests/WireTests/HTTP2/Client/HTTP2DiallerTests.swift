import NIOCore
import NIOSSL
import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryWire

/// The pool of connections to a provider that speaks HTTP/2, against another implementation of it.
@Suite struct HTTP2DiallerTests {
    /// A door that sends everything to a provider.
    private static func run(
        streams: Int = 100,
        offers: Bool = true,
        deliveries: Observed<[Delivery]>? = nil,
        script: @escaping HTTP2Server.Script = { HTTP2Server.answer($0.text.isEmpty ? "{}" : $0.text) },
        _ body: (Bench, HTTP2Server) async throws -> Void
    ) async throws {
        let authority = try Authority()
        try await HTTP2Server.open(authority.identity("localhost"), streams: streams, script: script) { server in
            var settings = DialSettings()
            settings.offersHTTP2 = offers
            let origin = try #require(Origin("https://localhost:\(server.port)"))
            let target = UpstreamTarget(origin, settings: settings)
            try await Bench.open(
                trust: Trust(roots: authority.roots),
                service: { Forwarder($0, to: target, deliveries: deliveries) }
            ) { bench in
                try await body(bench, server)
            }
        }
    }

    private static func ask(_ bench: Bench, _ request: String = Sample.get) async throws -> RawMessage {
        let client = try bench.client()
        defer { client.leave() }
        client.send(request)
        return try await client.answer()
    }

    /// Sends one request first, so that the provider is known to speak HTTP/2.
    private static func warm(_ bench: Bench) async throws {
        #expect(try await ask(bench).status == 200)
    }

    @Test func asksOverHTTP2() async throws {
        try await Self.run { bench, server async throws in
            let answer = try await Self.ask(bench, Sample.post("hello"))
            #expect(answer.status == 200)
            #expect(answer.text == "hello")
            let asked = try #require(try await server.requests(1).first)
            #expect(asked[":authority"] == "localhost:\(server.port)")
            #expect(asked[":scheme"] == "https")
            #expect(asked["content-length"] == "5")
            #expect(asked["host"] == nil)
            #expect(bench.counters.http2.connections.current == 1)
            #expect(bench.counters.open.current == 1)
            #expect(bench.counters.idle.current == 1)
        }
    }

    @Test func offersNoHTTP2WhereItIsNotWanted() async throws {
        let authority = try Authority()
        try await SecureUpstream.open(authority.identity("localhost")) { upstream in
            for offers in [false, true] {
                // This one agrees to nothing.
                var settings = DialSettings()
                settings.offersHTTP2 = offers
                let target = UpstreamTarget(
                    try #require(Origin("https://localhost:\(upstream.port)")),
                    settings: settings
                )
                try await Bench.open(
                    trust: Trust(roots: authority.roots),
                    service: { Forwarder($0, to: target) }
                ) { bench async throws in
                    #expect(try await Self.ask(bench).text == "secret")
                    #expect(bench.counters.http2.connections.current == 0)
                    #expect(!target.speaksHTTP2)
                }
            }
        }
        try await Self.run(offers: false) { bench, server async throws in
            // The server has only HTTP/2's frames to say behind its handshake.
            #expect(try await Self.ask(bench).status == 502)
            #expect(server.record.value.requests.isEmpty)
        }
    }

    @Test func manyRequestsShareAConnection() async throws {
        let latch = Latch()
        try await Self.run(script: { request in
            request.number == 0
                ? HTTP2Server.answer("{}")
                : [.wait(latch)] + HTTP2Server.answer(request[":path"] ?? "")
        }) { bench, server async throws in
            try await Self.warm(bench)
            let clients = try (0..<50).map { _ in try bench.client() }
            for (number, client) in clients.enumerated() { client.send("GET /\(number) HTTP/1.1\r\nHost: x\r\n\r\n") }
            try await server.requests(51)
            #expect(server.record.value.connections == 1)
            #expect(server.record.value.mostStreams == 50)
            latch.open()
            for (number, client) in clients.enumerated() {
                #expect(try await client.answer().text == "/\(number)")
                client.leave()
            }
        }
    }

    /// Before it is known what the provider speaks, each dials by itself; afterwards one dials for all.
    @Test func waitersGetTheConnectionThatIsBeingMade() async throws {
        try await Self.run { bench, server async throws in
            try await Self.warm(bench)
            try await bench.pass(31)
            try await wait(for: "the idle connection is closed") { server.record.value.open == 0 }
            let clients = try (0..<40).map { _ in try bench.client() }
            for client in clients { client.send(Sample.get) }
            for client in clients {
                #expect(try await client.answer().status == 200)
                client.leave()
            }
            #expect(server.record.value.connections == 2)
        }
    }

    @Test func whoFindsNoRoomGetsAnotherConnection() async throws {
        let latch = Latch()
        try await Self.run(
            streams: 4,
            script: { request in
                request.number == 0 ? HTTP2Server.answer("{}") : [.wait(latch)] + HTTP2Server.answer("{}")
            }
        ) { bench, server async throws in
            try await Self.warm(bench)
            var clients: [RawConnection] = []
            for number in 1...10 {
                let client = try bench.client()
                client.send(Sample.get)
                clients.append(client)
                try await server.requests(1 + number)
            }
            #expect(server.record.value.connections == 3)
            latch.open()
            for client in clients {
                #expect(try await client.answer().status == 200)
                client.leave()
            }
        }
    }

    // SEC-505
    @Test func refusedRequestsAreSentOnceMoreElsewhere() async throws {
        try await Self.run(script: { request in
            request.number == 1 ? [.reset(7)] : HTTP2Server.answer(request.text)
        }) { bench, server async throws in
            try await Self.warm(bench)
            let answer = try await Self.ask(bench, Sample.post("again"))
            #expect(answer.status == 200)
            #expect(answer.text == "again")
            #expect(server.record.value.requests.count == 3)
            #expect(bench.counters.retries.current == 1)
        }
    }

    // SEC-505
    @Test func aProviderThatRefusesEverythingIsNotAskedEverythingTwice() async throws {
        try await Self.run(script: { _ in [.reset(7)] }) { bench, server async throws in
            for _ in 0..<20 { #expect(try await Self.ask(bench).status == 502) }
            let requests = server.record.value.begun
            #expect((20...28).contains(requests))
            #expect(bench.counters.retriesRefused.current > 0)
        }
    }

    // SEC-505
    @Test func whatTheProviderMayHaveProcessedIsNotSentAgain() async throws {
        for code in [8, 2, 0] {
            try await Self.run(script: { request in
                request.number == 0 ? HTTP2Server.answer("{}") : [.reset(code)]
            }) { bench, server async throws in
                try await Self.warm(bench)
                #expect(try await Self.ask(bench, Sample.post("once")).status == 502)
                #expect(server.record.value.requests.count == 2)
                #expect(bench.counters.retries.current == 0)
            }
        }
    }

    @Test func aConnectionThatSaidGoodbyeIsLeft() async throws {
        try await Self.run(script: { request in
            request.number == 0 ? [.goAway(last: 1)] + HTTP2Server.answer("{}") : HTTP2Server.answer("{}")
        }) { bench, server async throws in
            for _ in 0..<3 { #expect(try await Self.ask(bench).status == 200) }
            #expect(server.record.value.connections == 2)
            try await wait(for: "the first connection is closed") { server.record.value.open == 1 }
        }
    }

    // SEC-703
    @Test func aClientThatLeavesCancelsItsStream() async throws {
        let latch = Latch()
        try await Self.run(script: { request in
            switch request.number {
            case 1: [.head(200, []), .data("first")]
            case 2: [.wait(latch)] + HTTP2Server.answer("{}")
            default: HTTP2Server.answer("{}")
            }
        }) { bench, server async throws in
            try await Self.warm(bench)
            let leaving = try bench.client()
            leaving.send(Sample.get)
            try await server.requests(2)
            let staying = try bench.client()
            staying.send(Sample.get)
            try await server.requests(3)
            leaving.leave()
            try await server.record.wait("a stream is cancelled") { $0.resets == [8] }
            latch.open()
            #expect(try await staying.answer().status == 200)
            #expect(server.record.value.connections == 1)
            staying.leave()
        }
    }

    @Test func aBrokenStreamIsABrokenAnswer() async throws {
        let deliveries = Observed<[Delivery]>([])
        try await Self.run(
            deliveries: deliveries,
            script: { request in
                request.number == 0 ? HTTP2Server.answer("{}") : [.head(200, []), .data("part"), .reset(2)]
            }
        ) { bench, server async throws in
            try await Self.warm(bench)
            let client = try bench.client()
            client.send(Sample.get)
            let answer = try await client.answer()
            #expect(!answer.isComplete)
            try await deliveries.wait("the delivery") { $0.count == 2 }
            #expect(deliveries.value.last?.cut == .upstream)
            // The connection goes on.
            #expect(server.record.value.open == 1)
        }
    }

    @Test func longBodiesPassInBothDirections() async throws {
        let long = String(repeating: "0123456789", count: 300_000)
        try await Self.run(script: { request in
            [.head(200, []), .data(request.text), .trailers([("x", "y")])]
        }) { bench, _ async throws in
            let client = try bench.client()
            _ = try await blocking { client.send(Sample.post(long)) }
            let answer = try await client.answer()
            #expect(answer.isComplete)
            #expect(answer.text == long)
            client.leave()
        }
    }

    @Test func aSlowClientHoldsNobodyElseBack() async throws {
        let long = String(repeating: "x", count: 8 << 20)
        try await Self.run(script: { request in
            request[":path"] == "/long" ? [.head(200, []), .data(long), .end] : HTTP2Server.answer("{}")
        }) { bench, server async throws in
            try await Self.warm(bench)
            let slow = try (0..<20).map { _ in try bench.client(receiveBuffer: 4096) }
            for client in slow { client.send("GET /long HTTP/1.1\r\nHost: x\r\n\r\n") }
            try await server.requests(21)
            for _ in 0..<20 { #expect(try await Self.ask(bench).status == 200) }
            #expect(server.record.value.connections == 1)
            let first = try #require(slow.first)
            let answer = try await first.answer()
            #expect(answer.text.utf8.count == long.utf8.count)
            for client in slow { client.leave() }
        }
    }
}
