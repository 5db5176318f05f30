import NIOCore
import NIOSSL
import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryWire

/// A door with TLS, asked by real clients.
@Suite struct SecureDoorTests {
    @Test func speaksHTTP1ToWhoAsksForIt() async throws {
        try await SecureBench.open(service: echoingPaths) { bench in
            let client = try await bench.client()
            #expect(client.negotiated == "http/1.1")
            client.send(Sample.get)
            #expect(try await client.answer().text == "/a")
            #expect(bench.handshakes("http1") == 1)
            client.leave()
        }
    }

    @Test func speaksHTTP1ToWhoOffersNothing() async throws {
        try await SecureBench.open(service: echoingPaths) { bench in
            let client = try await bench.client(protocols: [])
            #expect(client.negotiated == nil)
            client.send(Sample.get)
            #expect(try await client.answer().text == "/a")
            client.leave()
        }
    }

    @Test func prefersHTTP2() async throws {
        try await SecureBench.open(service: echoingPaths) { bench in
            let client = try await bench.client(protocols: ["http/1.1", "h2"])
            #expect(client.negotiated == "h2")
            client.leave()
            let http2 = try await bench.http2()
            let answer = try await http2.ask("GET", "/hello")
            #expect(answer.status == 200)
            #expect(answer.text == "/hello")
            #expect(answer.isComplete)
            http2.leave()
        }
    }

    // SEC-110
    @Test func speaksNoHTTP2WithoutTLS() async throws {
        try await Bench.open(service: echoingPaths) { bench in
            let preface = try bench.client()
            preface.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
            #expect(try await preface.answer().status == 400)
            // An offer to change over is ignored (RFC 9110 section 7.8).
            let upgrade = try bench.client()
            upgrade.send(
                "GET /a HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
                    + "HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n\r\n"
            )
            let answer = try await upgrade.answer()
            #expect(answer.status == 200)
            #expect(answer["upgrade"] == nil)
        }
    }

    // SEC-110
    @Test func speaksHTTP1InsideTLSByTheSameRules() async throws {
        try await SecureBench.open(service: echoingPaths) { bench in
            let client = try await bench.client(protocols: ["http/1.1"])
            client.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
            #expect(try await client.answer().status == 400)
        }
    }

    @Test func speaksNoOlderTLSUnlessToldTo() async throws {
        for isTold in [false, true] {
            try await SecureBench.open(
                change: { if isTold { $0.oldestVersion = .v1_2 } },
                service: echoingPaths
            ) { bench in
                var configuration = try SecureClient.configuration(bench.authority, protocols: ["h2", "http/1.1"])
                configuration.maximumTLSVersion = .tlsv12
                let client = try await SecureClient.connect(bench.port, configuration)
                #expect((client.negotiated != nil) == isTold)
                if !isTold { try await wait(for: "the count") { bench.handshakes("failed") == 1 } }
                // Nothing without forward secrecy.
                configuration.cipherSuites = "AES128-GCM-SHA256:AES128-SHA"
                let weak = try await SecureClient.connect(bench.port, configuration)
                #expect(weak.isClosed)
                client.leave()
            }
        }
    }

    @Test func turnsPlainRequestsAway() async throws {
        try await SecureBench.open(service: echoingPaths) { bench in
            let client = try bench.bench.client()
            client.send(Sample.get)
            try await client.receiveEnd()
            try await wait(for: "the count") { bench.handshakes("failed") == 1 }
            try await wait(for: "the place") { bench.bench.door.openConnections == 0 }
        }
    }

    // SEC-109
    @Test func waitsForAHandshakeNoLongerThanForAHead() async throws {
        try await SecureBench.open(service: echoingPaths) { bench in
            let client = try bench.bench.client()
            try await wait(for: "the connection") { bench.bench.door.openConnections == 1 }
            client.send("\u{16}\u{3}\u{1}")
            try await bench.bench.pass(9)
            #expect(bench.bench.door.openConnections == 1)
            try await bench.bench.pass(2)
            try await wait(for: "the place") { bench.bench.door.openConnections == 0 }
            #expect(bench.handshakes("timeout") == 1)
            // Told together with others, once a minute at most.
            bench.tls.refresh()
            bench.tls.refresh()
            #expect(bench.notices.value == ["handshakesFailed(failed: 0, certificate: 0, timeout: 1)"])
            let second = try bench.bench.client()
            second.send(Sample.get)
            try await second.receiveEnd()
            try await wait(for: "the count") { bench.handshakes("failed") == 1 }
            bench.tls.refresh()
            #expect(bench.notices.value.count == 1)
            try await bench.bench.pass(61)
            bench.tls.refresh()
            #expect(bench.notices.value.last == "handshakesFailed(failed: 1, certificate: 0, timeout: 0)")
        }
    }

    @Test func countsWhoLeavesWithoutAHandshake() async throws {
        try await SecureBench.open(service: echoingPaths) { bench in
            try bench.bench.client().leave()
            try await wait(for: "the count") { bench.handshakes("left") == 1 }
            #expect(bench.bench.door.openConnections == 0)
        }
    }

    @Test func carriesLongBodiesBothWays() async throws {
        try await SecureBench.open(service: echoingBodies) { bench in
            let body = String(repeating: "0123456789abcdef", count: 64 * 1024)
            let http1 = try await bench.client()
            http1.send(Sample.post(body))
            #expect(try await http1.answer().text == body)
            http1.leave()
            let http2 = try await bench.http2()
            let answer = try await http2.ask("POST", "/p", body: body)
            #expect(answer.text == body)
            #expect(answer.isComplete)
            http2.leave()
        }
    }

    @Test func carriesManyStreamsAtOnce() async throws {
        try await SecureBench.open(service: echoingBodies) { bench in
            let client = try await bench.http2()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<80 {
                    group.addTask {
                        let body = String(repeating: "\(number) ", count: 2000)
                        let answer = try await client.ask("POST", "/\(number)", body: body)
                        #expect(answer.text == body)
                    }
                }
                try await group.waitForAll()
            }
            client.leave()
            try await wait(for: "the place") { bench.bench.door.openConnections == 0 }
        }
    }

    @Test func passesEachEventOnAsItComes() async throws {
        let latch = Latch()
        try await SecureBench.open(service: { worker in
            ClosureService(worker) { _, _, _, reply in
                var stream = reply.stream(status: 200, fields: { $0.writeField("content-type", "text/event-stream") })
                try? await stream.write(ByteBuffer(string: "data: 1\n\n"))
                try? await latch.wait()
                try? await stream.write(ByteBuffer(string: "data: 2\n\n"))
                _ = stream.finish()
            }
        }) { bench in
            let client = try await bench.http2()
            let stream = try await client.open("GET", "/events")
            let first = try await stream.receive("an event") { $0.body.count >= 9 }
            #expect(first.pieces == ["data: 1\n\n"])
            #expect(first["content-type"] == "text/event-stream")
            latch.open()
            let answer = try await stream.answer()
            #expect(answer.pieces == ["data: 1\n\n", "data: 2\n\n"])
            #expect(answer.isComplete)
            client.leave()
        }
    }

    // SEC-703
    @Test func tellsTheServiceThatAStreamWasCancelled() async throws {
        let seen = Observed<[Bool]>([])
        try await SecureBench.open(service: { worker in
            ClosureService(worker) { _, _, body, reply in
                while (try? await body.next()) != nil {}
                seen.change { $0.append(body.isWanted) }
            }
        }) { bench in
            let client = try await bench.http2()
            let stream = try await client.open("POST", "/p", isEnd: false)
            stream.send("half")
            try await wait(for: "the stream") { bench.bench.door.http2.instrumentValue("gw_http2_streams") == 1 }
            stream.reset()
            try await seen.wait("the end") { $0 == [false] }
            // The connection goes on.
            let next = try await client.open("POST", "/p")
            #expect(try await next.answer().status == 500)
            client.leave()
        }
    }

    @Test func neverEndsACutAnswerCleanly() async throws {
        try await SecureBench.open(service: { worker in
            ClosureService(worker) { _, _, _, reply in
                var stream = reply.stream(status: 200)
                try? await stream.write(ByteBuffer(string: "half"))
                _ = stream.cut(.upstream)
            }
        }) { bench in
            let client = try await bench.http2()
            let answer = try await client.ask("GET", "/a")
            #expect(answer.text == "half")
            #expect(!answer.isComplete)
            client.leave()
        }
    }

    @Test func letsStreamsEndWhenTheDoorDrains() async throws {
        let latch = Latch()
        try await SecureBench.open(service: { worker in
            ClosureService(worker) { _, _, _, reply in
                try? await latch.wait()
                _ = reply.send(status: 200, body: ByteBuffer(string: "late"))
            }
        }) { bench in
            let client = try await bench.http2()
            let stream = try await client.open("GET", "/a")
            try await wait(for: "the stream") { bench.bench.door.http2.instrumentValue("gw_http2_streams") == 1 }
            bench.bench.listener.drain()
            try await bench.bench.settle()
            latch.open()
            #expect(try await stream.answer().text == "late")
            try await client.untilClosed()
            try await wait(for: "the place") { bench.bench.door.openConnections == 0 }
        }
    }

    // MARK: Client certificates

    /// Answers with who the client proved to be.
    private static func introducing(_ worker: Worker) -> any EdgeService {
        ClosureService(worker) { _, _, _, reply in
            let certificate = reply.clientCertificate
            let names =
                certificate.map { [$0.subject] + $0.uris + $0.dnsNames + ["\($0.thumbprint.count)"] } ?? ["nobody"]
            _ = reply.send(status: 200, body: ByteBuffer(string: names.joined(separator: " ")))
        }
    }

    @Test func knowsAClientByItsCertificate() async throws {
        try await SecureBench.open(asksClients: true, service: Self.introducing) { bench in
            let leaf = try bench.authority.leaf(common: "me", dns: ["a.example"], uris: ["spiffe://x/y"])
            let expected = "CN=me,O=Tests spiffe://x/y a.example 32"
            let http1 = try await bench.client(leaf: leaf)
            http1.send(Sample.get)
            #expect(try await http1.answer().text == expected)
            http1.leave()
            let http2 = try await bench.http2(leaf: leaf)
            #expect(try await http2.ask("GET", "/").text == expected)
            http2.leave()
        }
    }

    @Test func letsClientsWithoutACertificateInUnlessOneIsRequired() async throws {
        for isRequired in [false, true] {
            try await SecureBench.open(
                asksClients: true,
                change: { $0.requiresCertificate = isRequired },
                service: Self.introducing
            ) { bench in
                let client = try await bench.client()
                client.send(Sample.get)
                if isRequired {
                    // With TLS 1.3 the client learns it after its handshake.
                    try await client.untilClosed()
                    #expect(client.bytes.isEmpty)
                    try await wait(for: "the count") { bench.handshakes("certificate") == 1 }
                } else {
                    #expect(try await client.answer().text == "nobody")
                    client.leave()
                }
            }
        }
    }

    @Test func turnsAwayCertificatesOfOthers() async throws {
        for isRequired in [false, true] {
            try await SecureBench.open(
                asksClients: true,
                change: { $0.requiresCertificate = isRequired },
                service: Self.introducing
            ) { bench in
                let foreign = try Authority().leaf(common: "me")
                let expired = try bench.authority.leaf(common: "me", days: -1)
                for leaf in [foreign, expired] {
                    let client = try await bench.client(leaf: leaf)
                    client.send(Sample.get)
                    try await client.untilClosed()
                    #expect(client.bytes.isEmpty)
                }
                try await wait(for: "the count") { bench.handshakes("certificate") == 2 }
            }
        }
    }

    @Test func asksForNoCertificateWithoutAuthorities() async throws {
        try await SecureBench.open(service: Self.introducing) { bench in
            let client = try await bench.client(leaf: bench.authority.leaf(common: "me"))
            client.send(Sample.get)
            #expect(try await client.answer().text == "nobody")
            client.leave()
        }
    }
}
