import NIOCore
import NIOSSL
import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryWire

/// TLS to providers (SEC-503).
@Suite struct TrustTests {
    private static func answer(
        from identity: TLSConfiguration,
        trusting roots: NIOSSLTrustRoots
    ) async throws -> RawMessage {
        try await SecureUpstream.open(identity) { upstream in
            let origin = try #require(Origin("https://localhost:\(upstream.port)"))
            return try await Bench.open(trust: Trust(roots: roots), service: { Forwarder($0, to: origin) }) { bench in
                let client = try bench.client()
                client.send(Sample.get)
                let first = try await client.answer()
                if first.status == 200 {
                    // A kept connection needs no second handshake.
                    client.send("GET /b HTTP/1.1\r\nHost: x\r\n\r\n")
                    _ = try await client.answer()
                    #expect(bench.counters.open.current == 1)
                }
                return first
            }
        }
    }

    @Test func believesAServerOfItsAuthority() async throws {
        let authority = try Authority()
        let answer = try await Self.answer(from: authority.identity("localhost"), trusting: authority.roots)
        #expect(answer.status == 200)
        #expect(answer.text == "secret")
    }

    @Test func refusesAnotherName() async throws {
        let authority = try Authority()
        let answer = try await Self.answer(from: authority.identity("other.example"), trusting: authority.roots)
        #expect(answer.status == 502)
        #expect(answer.text.hasSuffix(" tls"))
    }

    @Test func refusesAnotherAuthority() async throws {
        let answer = try await Self.answer(from: Authority().identity("localhost"), trusting: Authority().roots)
        #expect(answer.status == 502)
    }

    @Test func refusesAnUnknownAuthorityByTheSystemsRoots() async throws {
        let answer = try await Self.answer(from: Authority().identity("localhost"), trusting: .default)
        #expect(answer.status == 502)
    }

    @Test func refusesAnExpiredCertificate() async throws {
        let authority = try Authority()
        let answer = try await Self.answer(
            from: authority.identity("localhost", isExpired: true),
            trusting: authority.roots
        )
        #expect(answer.status == 502)
    }

    /// A client that has asked, and a provider that took its connection and does not shake hands.
    private static func waitForHandshake(_ body: (Bench, RawConnection) async throws -> Void) async throws {
        let upstream = try RecordingUpstream(at: .connection) { _ in [.wait(Latch())] }
        let origin = try #require(Origin("https://localhost:\(upstream.port)"))
        try await Bench.open(service: { Forwarder($0, to: origin) }) { bench in
            let client = try bench.client()
            client.send(Sample.post("prompt"))
            try await upstream.requests(1)
            try await body(bench, client)
            try await upstream.left(0)
        }
        upstream.stop()
    }

    @Test func gives502WhenTheHandshakeNeverEnds() async throws {
        try await Self.waitForHandshake { bench, client async throws in
            try await bench.pass(6)
            #expect(try await client.answer().status == 502)
        }
    }

    @Test func leavesTheHandshakeWhenTheClientLeaves() async throws {
        try await Self.waitForHandshake { _, client in client.leave() }
    }
}
