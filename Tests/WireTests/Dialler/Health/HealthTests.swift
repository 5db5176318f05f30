import NIOCore
import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryWire

/// What of an exchange counts for a provider's breaker, and what a breaker that is open does.
@Suite struct HealthTests {
    private static func run(
        _ upstream: RecordingUpstream,
        isSecure: Bool = false,
        _ change: (inout DialSettings) -> Void = { _ in },
        _ body: (Bench, Breaker) async throws -> Void
    ) async throws {
        var settings = DialSettings()
        change(&settings)
        var limits = Breaker.Settings()
        limits.failures = 2
        let breaker = Breaker(limits)
        let target = UpstreamTarget(
            try #require(Origin("\(isSecure ? "https" : "http")://localhost:\(upstream.port)")),
            settings: settings,
            breaker: breaker
        )
        try await Bench.open(service: { Forwarder($0, to: target) }) { bench in try await body(bench, breaker) }
        upstream.stop()
    }

    private static func state(_ breaker: Breaker, _ bench: Bench) -> Breaker.State {
        breaker.report(at: bench.clock.monotonic).state
    }

    /// Asks twice and returns what the breaker thinks of that.
    private static func expect(
        _ expected: Breaker.State,
        after steps: [RecordingUpstream.Step],
        _ location: SourceLocation = #_sourceLocation
    ) async throws {
        try await run(try RecordingUpstream { _ in steps }) { bench, breaker in
            for _ in 0..<2 {
                let client = try bench.client()
                client.send(Sample.post("question"))
                _ = try await client.answer()
            }
            try await bench.settle()
            #expect(state(breaker, bench) == expected, "\(steps)", sourceLocation: location)
        }
    }

    // SEC-702
    @Test(arguments: [
        "HTTP/1.1 502 X\r\ncontent-length: 0\r\n\r\n", "HTTP/1.1 503 X\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 504 X\r\ncontent-length: 0\r\n\r\n", "HTTP/1.1 522 X\r\ncontent-length: 0\r\n\r\n",
        "nonsense\r\n\r\n", "",
        "HTTP/1.1 2", "HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\nshort",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxx",
    ])
    func countsAsAFailure(_ raw: String) async throws {
        try await Self.expect(.open, after: [.send(raw), .close])
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", "HTTP/1.1 429 X\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 400 X\r\ncontent-length: 0\r\n\r\n", "HTTP/1.1 401 X\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 500 X\r\ncontent-length: 0\r\n\r\n", "HTTP/1.1 501 X\r\ncontent-length: 0\r\n\r\n",
    ])
    func doesNotCountAsAFailureInARow(_ raw: String) async throws {
        try await Self.expect(.closed, after: [.send(raw), .close])
    }

    // SEC-702
    @Test func aProviderThatHangsIsLeftAlone() async throws {
        let upstream = try RecordingUpstream { _ in [.wait(Latch())] }
        try await Self.run(upstream) { bench, breaker async throws in
            for number in 1...2 {
                let client = try bench.client()
                client.send(Sample.post("question"))
                try await upstream.requests(number)
                try await bench.pass(301)
                #expect(try await client.answer().status == 504)
            }
            #expect(Self.state(breaker, bench) == .open)
            let client = try bench.client()
            client.send(Sample.post("question"))
            let answer = try await client.answer()
            #expect(answer.status == 502)
            #expect(answer.text.hasSuffix("breaker_open"))
            #expect(upstream.requests.count == 2)
            // Some seconds later one call tries it.
            try await bench.pass(10)
            let probe = try bench.client()
            probe.send(Sample.post("question"))
            try await upstream.requests(3)
            #expect(Self.state(breaker, bench) == .halfOpen)
            probe.leave()
            try await upstream.left(2)
            try await bench.settle()
            #expect(Self.state(breaker, bench) == .halfOpen)
        }
    }

    @Test func aProviderThatIsNotThereIsLeftAlone() async throws {
        let upstream = try RecordingUpstream()
        upstream.stop()
        try await wait(for: "its port to be closed") { (try? Socket.connect(port: upstream.port)) == nil }
        try await Self.run(upstream) { bench, breaker async throws in
            let client = try bench.client()
            for ending in ["connect", "connect", "breaker_open"] {
                client.send(Sample.get)
                #expect(try await client.answer().text.hasSuffix(ending))
            }
        }
    }

    @Test func aHandshakeThatFailsCounts() async throws {
        let upstream = try RecordingUpstream(at: .connection) { _ in
            [.send("HTTP/1.1 400 no TLS here\r\n\r\n"), .close]
        }
        try await Self.run(upstream, isSecure: true) { bench, breaker async throws in
            let client = try bench.client()
            for ending in ["tls", "tls", "breaker_open"] {
                client.send(Sample.get)
                #expect(try await client.answer().text.hasSuffix(ending))
            }
        }
    }

    @Test func clientsThatLeaveDoNotCount() async throws {
        let upstream = try RecordingUpstream { request in
            request.number % 2 == 0
                ? [.wait(Latch())]
                : [.send("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nsome"), .wait(Latch())]
        }
        try await Self.run(upstream) { bench, breaker async throws in
            for number in 0..<6 {
                let client = try bench.client()
                client.send(Sample.get)
                try await upstream.requests(number + 1)
                if number % 2 == 1 { try await client.receive(until: "some") }
                client.leave()
                try await upstream.left(number)
            }
            try await bench.settle()
            #expect(Self.state(breaker, bench) == .closed)
            #expect(bench.counters.cancelled.current == 6)
        }
    }

    @Test func aProbesHeadIsEnough() async throws {
        let never = Latch()
        let upstream = try RecordingUpstream { request in
            request.number < 2
                ? [.send("HTTP/1.1 503 X\r\ncontent-length: 0\r\n\r\n")]
                : [.send("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nsome"), .wait(never)]
        }
        try await Self.run(upstream) { bench, breaker async throws in
            for _ in 0..<2 {
                let client = try bench.client()
                client.send(Sample.get)
                #expect(try await client.answer().status == 503)
            }
            #expect(Self.state(breaker, bench) == .open)
            try await bench.pass(11)
            let client = try bench.client()
            client.send(Sample.get)
            try await client.receive(until: "some")
            // The stream goes on, and everybody may come again.
            #expect(Self.state(breaker, bench) == .closed)
            client.leave()
        }
    }

    // SEC-505
    @Test func doesNotAskEverythingTwice() async throws {
        // Answers once on each connection and closes it when it is used again.
        let upstream = try RecordingUpstream { request in
            request.message.text == "again" ? [.reset] : [.answer()]
        }
        try await Self.run(upstream) { bench, breaker async throws in
            var refused = 0
            for _ in 0..<20 {
                let client = try bench.client()
                client.send(Sample.post("first"))
                #expect(try await client.answer().status == 200)
                client.send(Sample.post("again"))
                if try await client.answer().text.hasSuffix("retry_budget") { refused += 1 }
                try await bench.pass(0.001)
                if Self.state(breaker, bench) == .open { try await bench.pass(11) }
            }
            #expect(refused > 0)
            #expect(bench.counters.retriesRefused.current == Int64(refused))
            #expect(bench.counters.retries.current + Int64(refused) >= 15)
        }
    }

    @Test func endsAnAnswerThatFallsSilent() async throws {
        let pieces = (0..<3).map { _ in Latch() }
        let upstream = try RecordingUpstream { _ in
            [.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")]
                + pieces.flatMap { [RecordingUpstream.Step.wait($0), .send("2\r\nhi\r\n")] } + [.wait(Latch())]
        }
        try await Self.run(upstream, { $0.silenceTime = 30 }) { bench, breaker async throws in
            let client = try bench.client()
            client.send(Sample.get)
            try await client.receive(until: "\r\n\r\n")
            for (number, piece) in pieces.enumerated() {
                try await bench.pass(25)
                piece.open()
                try await client.receive(until: String(repeating: "2\r\nhi\r\n", count: number + 1))
            }
            try await bench.pass(31)
            #expect(try await !client.answer().isComplete)
            try await upstream.left(0)
        }
    }
}
