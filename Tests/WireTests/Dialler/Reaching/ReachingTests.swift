import NIOCore
import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryWire

/// From a provider's name to a connection (SEC-502).
@Suite struct ReachingTests {
    /// A door that sends everything to `host` at the provider's port.
    private static func run(
        _ resolver: ScriptedResolver,
        host: String = "model.internal",
        reach: AddressRules.Reach? = nil,
        connectTime: Double = 5,
        upstream: RecordingUpstream? = nil,
        denied: Observed<[IPAddress.Kind]>? = nil,
        _ body: (Bench, RawConnection, RecordingUpstream) async throws -> Void
    ) async throws {
        let upstream = try upstream ?? RecordingUpstream()
        let origin = try #require(Origin("http://\(host):\(upstream.port)"))
        let addresses = TargetAddresses(
            AddressBook(resolver: resolver),
            AddressRules(for: origin, reach: reach),
            notice: { kind in denied?.change { $0.append(kind) } }
        )
        var settings = DialSettings()
        settings.connectTime = connectTime
        let target = UpstreamTarget(origin, settings: settings, addresses: addresses)
        try await Bench.open(service: { Forwarder($0, to: target) }) { bench in
            try await body(bench, try bench.client(), upstream)
        }
        upstream.stop()
    }

    // SEC-502
    @Test func connectsToTheAddressThatWasChecked() async throws {
        // A name server that answers differently the second time is not asked a second time.
        let resolver = ScriptedResolver { question in question == 0 ? ["127.0.0.1"] : ["169.254.169.254"] }
        try await Self.run(resolver, host: "Model.Internal") { bench, client, upstream async throws in
            client.send(Sample.get)
            let answer = try await client.answer()
            #expect(answer.status == 200)
            #expect(upstream.requests.first?.message["host"] == "Model.Internal:\(upstream.port)")
            #expect(resolver.asked.value == ["model.internal"])
        }
    }

    // SEC-502
    @Test func judgesEveryAnswerAnew() async throws {
        let resolver = ScriptedResolver { question in question == 0 ? ["127.0.0.1"] : ["169.254.169.254"] }
        let upstream = try RecordingUpstream { _ in
            [.send("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"), .close]
        }
        let denied = Observed<[IPAddress.Kind]>([])
        try await Self.run(resolver, upstream: upstream, denied: denied) { bench, client, upstream async throws in
            client.send(Sample.get)
            #expect(try await client.answer().status == 200)
            try await bench.pass(40)
            try await bench.pass(400)
            let second = try bench.client()
            second.send(Sample.get)
            let answer = try await second.answer()
            #expect(answer.status == 502)
            #expect(answer.text.hasSuffix("address_denied"))
            #expect(upstream.requests.count == 1)
            #expect(denied.value == [.metadata])
            #expect(bench.counters.denied.current == 1)
        }
    }

    // SEC-502
    @Test(arguments: [
        ("api.example", ["127.0.0.1"]), ("api.example", ["::ffff:127.0.0.1"]), ("api.example", ["10.0.0.1", "::1"]),
        ("model.internal", ["169.254.169.254"]), ("model.internal", ["8.8.8.8"]),
        ("model.internal", ["0.0.0.0", "::"]),
    ])
    func doesNotConnectWhereItMayNot(_ host: String, _ found: [String]) async throws {
        let resolver = ScriptedResolver { _ in found }
        try await Self.run(resolver, host: host) { bench, client, upstream async throws in
            for _ in 0..<3 {
                client.send(Sample.get)
                let answer = try await client.answer()
                #expect(answer.status == 502)
                #expect(answer.text.hasSuffix("address_denied"))
            }
            #expect(upstream.connections.isEmpty)
            #expect(bench.counters.open.current == 0)
        }
    }

    @Test func passesOverAddressesThatAreNotAllowed() async throws {
        let resolver = ScriptedResolver("169.254.169.254", "8.8.8.8", "::ffff:127.0.0.1")
        try await Self.run(resolver, reach: .private) { _, client, upstream async throws in
            client.send(Sample.get)
            #expect(try await client.answer().status == 200)
        }
    }

    @Test func asksNobodyForLocalhostAndAddresses() async throws {
        let resolver = ScriptedResolver { _ in [] }
        for host in ["localhost", "a.localhost", "127.0.0.1"] {
            try await Self.run(resolver, host: host) { _, client, _ async throws in
                client.send(Sample.get)
                #expect(try await client.answer().status == 200)
            }
        }
        #expect(resolver.asked.value == [])
    }

    @Test func triesTheNextAddressAtOnceWhenOneRefuses() async throws {
        let resolver = ScriptedResolver("127.0.0.3", "127.0.0.2", "127.0.0.1")
        try await Self.run(resolver) { bench, client, upstream async throws in
            client.send(Sample.post("once"))
            #expect(try await client.answer().status == 200)
            #expect(upstream.requests.map(\.message.text) == ["once"])
            #expect(bench.counters.open.current == 1)
        }
    }

    @Test func givesAnAddressThatDoesNotAnswerAHeadStartOnly() async throws {
        let upstream = try RecordingUpstream()
        // Nothing answers a connection when the queue of those that wait is full.
        let full = try Socket.listen(port: upstream.port, host: 2, backlog: 0)
        let filling = try Socket.connect(port: full.port, host: 2)
        let resolver = ScriptedResolver("127.0.0.2", "127.0.0.1")
        // The sockets' own time-out is in real time, and must not end the attempt before the clock of the test does.
        try await Self.run(resolver, connectTime: 60, upstream: upstream) { bench, client, upstream async throws in
            let started = bench.clock.monotonic
            client.send(Sample.post("once"))
            try await wait(for: "the second address") {
                try await bench.pass(0.05)
                return upstream.requests.count == 1
            }
            #expect(try await client.answer().status == 200)
            #expect(bench.clock.monotonic.seconds(since: started) >= Race.headStart)
            #expect(bench.clock.monotonic.seconds(since: started) < 4)
        }
        _ = filling
    }

    @Test func endsWithTheConnectTime() async throws {
        let upstream = try RecordingUpstream()
        let full = try Socket.listen(port: upstream.port, host: 2, backlog: 0)
        let filling = try Socket.connect(port: full.port, host: 2)
        let resolver = ScriptedResolver("127.0.0.2")
        try await Self.run(resolver, upstream: upstream) { bench, client, _ async throws in
            client.send(Sample.post("question"))
            try await resolver.asked.wait("the question") { !$0.isEmpty }
            try await wait(for: "the time-out") {
                try await bench.pass(1)
                return try await !client.staysSilent(milliseconds: 5)
            }
        }
        _ = filling
    }

    @Test func asksForTheNameAgainWhenNobodyIsWhereItLed() async throws {
        let resolver = ScriptedResolver { question in question == 0 ? ["127.0.0.1"] : ["127.0.0.2"] }
        let upstream = try RecordingUpstream { _ in
            [.send("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"), .close]
        }
        try await Self.run(resolver, upstream: upstream) { bench, client, _ async throws in
            client.send(Sample.get)
            #expect(try await client.answer().status == 200)
            // The provider moves.
            upstream.stop()
            try await wait(for: "the old address to be left") { (try? Socket.connect(port: upstream.port)) == nil }
            let moved = try Socket.listen(port: upstream.port, host: 2)
            try await bench.pass(60)
            let second = try bench.client()
            second.send(Sample.get)
            let served = try await blocking { moved.socket.accept(milliseconds: 5000) }
            #expect(served != nil)
        }
    }

    @Test func saysWhenANameLeadsNowhere() async throws {
        try await Self.run(ScriptedResolver { _ in [] }) { _, client, _ async throws in
            client.send(Sample.get)
            let answer = try await client.answer()
            #expect(answer.status == 502)
            #expect(answer.text.hasSuffix("no_address"))
        }
    }

    // SEC-702
    @Test func aResolverThatHangsCostsTheConnectTime() async throws {
        let never = Latch()
        let resolver = ScriptedResolver { _ in
            try? await never.wait()
            return []
        }
        try await Self.run(resolver) { bench, client, _ async throws in
            client.send(Sample.get)
            try await resolver.asked.wait("the question") { !$0.isEmpty }
            try await bench.pass(6)
            let answer = try await client.answer()
            #expect(answer.status == 502)
            #expect(answer.text.hasSuffix("name_timeout"))
        }
        never.open()
    }

    // SEC-703
    @Test func aClientThatLeavesWaitsForNoName() async throws {
        let go = Latch()
        let resolver = ScriptedResolver { _ in
            try? await go.wait()
            return ["127.0.0.1"]
        }
        try await Self.run(resolver) { bench, client, upstream async throws in
            client.send(Sample.get)
            try await resolver.asked.wait("the question") { !$0.isEmpty }
            client.leave()
            try await wait(for: "the connection to end") { bench.listener.openConnections == 0 }
            go.open()
            try await bench.settle()
            #expect(upstream.connections.isEmpty)
        }
    }
}
