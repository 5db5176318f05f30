import Foundation
import NIOCore
import NIOSSL
import OstiaryCore
import OstiaryTesting
import SwiftASN1
import Testing
import X509

@testable import OstiaryWire

/// TLS to providers (SEC-503).
@Suite struct TrustTests {
    private static func answer(
        from identity: TLSConfiguration,
        trusting roots: NIOSSLTrustRoots
    ) async throws -> RawMessage {
        try await answer(from: identity, Trust(roots: roots))
    }

    /// - Parameter own: the provider's own trust, in place of the worker's.
    private static func answer(
        from identity: TLSConfiguration,
        _ trust: Trust = Trust(),
        own: Trust? = nil,
        host: String = "localhost"
    ) async throws -> RawMessage {
        try await SecureUpstream.open(identity) { upstream in
            let target = UpstreamTarget(try #require(Origin("https://\(host):\(upstream.port)")), trust: own)
            return try await Bench.open(trust: trust, service: { Forwarder($0, to: target) }) { bench in
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

    // SEC-503
    @Test func believesTheAuthorityInAFileAlone() async throws {
        let authority = try Authority()
        let path = "\(NSTemporaryDirectory())/authority-\(UInt64.random(in: 0 ... .max)).pem"
        try authority.pem.write(toFile: path, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: path) }
        let trust = try Trust(authority: path)
        #expect(try await Self.answer(from: authority.identity("localhost"), own: trust).status == 200)
        #expect(try await Self.answer(from: Authority().identity("localhost"), own: trust).status == 502)
        #expect(try await Self.answer(from: authority.identity("other.example"), own: trust).status == 502)
        // What the worker believes does not help.
        let other = try Authority()
        let answer = try await Self.answer(from: other.identity("localhost"), Trust(roots: other.roots), own: trust)
        #expect(answer.status == 502)
    }

    @Test func aFileWithoutCertificatesIsNoAuthority() throws {
        #expect(throws: Trust.AuthorityFault.self) { try Trust(authority: "/dev/null") }
        #expect(throws: Trust.AuthorityFault.self) { try Trust(authority: "/no/such/file.pem") }
    }

    // SEC-503
    @Test func believesEverybodyOnThisMachineOnly() async throws {
        for host in ["localhost", "127.0.0.1"] {
            let answer = try await Self.answer(
                from: Authority().identity("other.example", isExpired: true),
                own: .believingEverybody(),
                host: host
            )
            #expect(answer.status == 200)
        }
        for host in ["api.example", "10.0.0.1", "169.254.169.254", "localhost.example", "127.0.0.1.example"] {
            let fault = #expect(throws: GateError.self) { try Trust.believingEverybody().clientHandler(host: host) }
            #expect(fault?.cause.description == "tls_setup")
        }
    }

    // SEC-503
    @Test func refusesAnotherName() async throws {
        let authority = try Authority()
        let answer = try await Self.answer(from: authority.identity("other.example"), trusting: authority.roots)
        #expect(answer.status == 502)
        #expect(answer.text.hasSuffix(" tls"))
    }

    // SEC-503
    @Test func refusesAnotherAuthority() async throws {
        let answer = try await Self.answer(from: Authority().identity("localhost"), trusting: Authority().roots)
        #expect(answer.status == 502)
    }

    @Test func refusesAnUnknownAuthorityByTheSystemsRoots() async throws {
        let answer = try await Self.answer(from: Authority().identity("localhost"), trusting: .default)
        #expect(answer.status == 502)
    }

    // SEC-503
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
