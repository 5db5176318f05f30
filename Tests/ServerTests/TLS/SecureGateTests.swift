import Foundation
import OstiaryTesting
import Testing

@testable import OstiaryServer

/// The whole gate over TLS and HTTP/2: the same answers as over HTTP/1.1.
@Suite struct SecureGateTests {
    private static let json = ("content-type", "application/json")

    @Test func answersAQuestion() async throws {
        try await SecureRig.run(upstream: RecordingUpstream.answering(#"{"id":"1"}"#)) { secure async throws in
            let client = try await secure.http2()
            let answer = try await client.ask(
                "POST",
                "/v1/chat/completions",
                fields: [secure.token(), Self.json],
                body: GateRig.question()
            )
            #expect(answer.status == 200)
            #expect(answer.text == #"{"id":"1"}"#)
            #expect(answer["x-request-id"]?.hasPrefix("req_") == true)
            #expect(answer.isComplete)
            let entry = try await secure.rig.entry { $0.route == "/v1/chat/completions" }
            #expect(entry.status == 200)
            #expect(entry.bytes_in == GateRig.question().utf8.count)
            #expect(entry.bytes_out == 10)
            #expect(entry.peer == "127.0.0.1")
            // The provider sees HTTP/1.1 and the gate's own key.
            let asked = try await secure.rig.upstream.requests(1)
            #expect(asked.first?.message["authorization"] == "Bearer \(GateRig.providerKey)")
            #expect(asked.first?.message["host"]?.hasPrefix("127.0.0.1") == true)
            client.leave()
            try await secure.rig.expectBalanced()
        }
    }

    @Test func streamsEventsAsTheyCome() async throws {
        try await SecureRig.run(upstream: RecordingUpstream.handingOver()) { secure async throws in
            let client = try await secure.http2()
            let stream = try await client.open(
                "POST",
                "/v1/chat/completions",
                fields: [secure.token(), Self.json],
                isEnd: false
            )
            stream.send(GateRig.question(stream: true), isEnd: true)
            let provider = try await secure.rig.upstream.handed()
            provider.send(RecordingUpstream.streamHead)
            for number in 0..<5 {
                provider.send(RecordingUpstream.chunk("data: \(number)\n\n"))
                try await stream.receive("an event") { $0.text.contains("data: \(number)\n\n") }
            }
            provider.send("0\r\n\r\n")
            let answer = try await stream.answer()
            #expect(answer["content-type"] == "text/event-stream")
            #expect(answer.pieces.count == 5)
            #expect(answer.isComplete)
            client.leave()
            try await secure.rig.expectBalanced()
        }
    }

    // SEC-703
    @Test func aCancelledStreamEndsItsRequestAtTheProvider() async throws {
        try await SecureRig.run(upstream: RecordingUpstream.handingOver()) { secure async throws in
            let client = try await secure.http2()
            let stream = try await client.open(
                "POST",
                "/v1/chat/completions",
                fields: [secure.token(), Self.json],
                isEnd: false
            )
            stream.send(GateRig.question(stream: true), isEnd: true)
            let provider = try await secure.rig.upstream.handed()
            provider.send(RecordingUpstream.streamHead + RecordingUpstream.chunk("data: 1\n\n"))
            try await stream.receive("an event") { $0.body.count > 0 }
            stream.reset()
            try await provider.receiveEnd()
            let entry = try await secure.rig.entry { $0.route == "/v1/chat/completions" }
            #expect(entry.cut == "client")
            // Others on the same connection go on.
            #expect(try await client.ask("GET", "/health").status == 200)
            client.leave()
            try await secure.rig.expectBalanced()
        }
    }

    // SEC-505
    @Test func aProviderThatBreaksOffIsNoCleanEnd() async throws {
        try await SecureRig.run(upstream: RecordingUpstream.handingOver()) { secure async throws in
            let client = try await secure.http2()
            let stream = try await client.open(
                "POST",
                "/v1/chat/completions",
                fields: [secure.token(), Self.json],
                isEnd: false
            )
            stream.send(GateRig.question(stream: true), isEnd: true)
            let provider = try await secure.rig.upstream.handed()
            provider.send(RecordingUpstream.streamHead + RecordingUpstream.chunk("data: 1\n\n"))
            try await stream.receive("an event") { $0.body.count > 0 }
            provider.leave()
            let answer = try await stream.answer()
            #expect(!answer.isComplete)
            // The last words are those of the API, as over HTTP/1.1.
            #expect(answer.text.contains("upstream_cut"))
            client.leave()
            try await secure.rig.expectBalanced()
        }
    }

    /// What is refused, in the same words over both versions.
    private static let refused:
        [(status: Int, method: String, path: String, fields: [(String, String)], body: String?)] = [
            (401, "GET", "/v1/models", [], nil),
            (401, "GET", "/v1/models", [("authorization", "Bearer x")], nil),
            (404, "GET", "/nothing", [("authorization", "GOOD")], nil),
            (405, "DELETE", "/health", [], nil),
            (405, "GET", "/v1/chat/completions", [("authorization", "GOOD")], nil),
            (415, "POST", "/v1/chat/completions", [("authorization", "GOOD"), ("content-type", "text/plain")], "{}"),
            (400, "POST", "/v1/chat/completions", [("authorization", "GOOD"), json], "{"),
            (400, "GET", "/v1/models", [("x-protocol-version", "7")], nil),
            (400, "GET", "/a/../b", [], nil),
            (417, "GET", "/health", [("expect", "much")], nil),
        ]

    @Test(arguments: refused.indices) func refusesAsOverHTTP1(_ index: Int) async throws {
        let refused = Self.refused[index]
        try await SecureRig.run { secure async throws in
            let fields = refused.fields.map { name, value in
                value == "GOOD" ? secure.token() : (name, value)
            }
            let plain = try await secure.rig.ask(
                refused.method,
                refused.path,
                fields: fields.map { "\($0.0): \($0.1)" },
                body: refused.body
            )
            let client = try await secure.http2()
            let answer = try await client.ask(refused.method, refused.path, fields: fields, body: refused.body)
            #expect(plain.status == refused.status)
            #expect(answer.status == refused.status)
            #expect(answer.text == plain.text)
            let own = ["x-request-id", "connection", "content-length"]
            #expect(
                answer.fields.filter { !own.contains($0.name) && $0.name != ":status" }.map {
                    "\($0.name): \($0.value)"
                }
                    == plain.fields.filter { !own.contains($0.name) }.map { "\($0.name): \($0.value)" }
            )
            client.leave()
        }
    }

    // SEC-109
    @Test func refusesABodyThatIsTooLarge() async throws {
        try await SecureRig.run({ $0.listen.limits.body = 1024 }) { secure async throws in
            let client = try await secure.http2()
            let stream = try await client.open(
                "POST",
                "/v1/chat/completions",
                fields: [secure.token(), Self.json, ("content-length", "100000")],
                isEnd: false
            )
            let answer = try await stream.answer()
            #expect(answer.status == 413)
            #expect(answer.text.contains("body_too_large"))
            #expect(answer.isComplete)
            client.leave()
        }
    }

    // SEC-108
    @Test func believesNobodyWithTwoCredentials() async throws {
        try await SecureRig.run { secure async throws in
            let client = try await secure.http2()
            let other = secure.rig.token(sub: "user-2")
            let answer = try await client.ask("GET", "/v1/models", fields: [secure.token(), ("x-api-key", other)])
            #expect(answer.status == 400)
            try await client.untilClosed()
        }
    }

    @Test func standsAtBothAddressesUnlessThePlainOneIsLeftOut() async throws {
        try await SecureRig.run { secure async throws in
            #expect(try await secure.rig.ask("GET", "/health").status == 200)
            let client = try await secure.http1()
            client.send(secure.rig.request("GET", "/health"))
            #expect(try await client.answer().status == 200)
            client.leave()
        }
        try await SecureRig.run({ $0.listen.isPlain = false }) { secure async throws in
            #expect(secure.rig.gate.port == 0)
            #expect(try secure.rig.gate.doors().publicURL == "https://127.0.0.1:\(secure.rig.gate.securePort)")
            let client = try await secure.http2()
            #expect(try await client.ask("GET", "/ready").status == 200)
            client.leave()
        }
    }

    @Test func drainsAndEndsAsOverHTTP1() async throws {
        try await SecureRig.run(upstream: RecordingUpstream.handingOver()) { secure async throws in
            let client = try await secure.http2()
            let stream = try await client.open(
                "POST",
                "/v1/chat/completions",
                fields: [secure.token(), Self.json],
                isEnd: false
            )
            stream.send(GateRig.question(), isEnd: true)
            let provider = try await secure.rig.upstream.handed()
            await secure.rig.gate.beginShutdown()
            provider.send("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")
            let answer = try await stream.answer()
            #expect(answer.text == "{}")
            #expect(answer.isComplete)
            try await client.untilClosed()
        }
    }

    @Test func showsItsNumbers() async throws {
        try await SecureRig.run { secure async throws in
            let client = try await secure.http2()
            _ = try await client.ask("GET", "/health")
            #expect(try await secure.rig.metric(#"gw_tls_handshakes_total{door="public",result="http2"}"#) == 1)
            #expect(try await secure.rig.metric(#"gw_http2_connections{door="public"}"#) == 1)
            #expect(try await secure.rig.metric(#"gw_tls_certificate_end_seconds{door="public"}"#) > 1.8e9)
            client.leave()
        }
    }

    // MARK: Reload

    @Test func changesItsCertificateWhenTheFilesDo() async throws {
        try await SecureRig.run { secure async throws in
            let leaf = try secure.authority.leaf(dns: ["localhost"], days: SecureRig.days)
            try secure.folder.write("cert.pem", leaf.certificate)
            try secure.folder.write("key.pem", leaf.key)
            // Looked at every ten seconds.
            try await wait(for: "those that sleep") { secure.rig.clock.sleeping >= 2 }
            secure.rig.clock.advance(10)
            try await wait(for: "the new certificate") {
                let client = try await secure.http1()
                defer { client.leave() }
                return client.peerThumbprint == leaf.thumbprint
            }
            try await wait(for: "the log") {
                secure.rig.log.events.contains { $0.message == "the certificate was changed" }
            }
            // And with a reload, at once.
            let next = try secure.authority.leaf(dns: ["localhost"], days: SecureRig.days)
            try secure.folder.write("cert.pem", next.certificate)
            try secure.folder.write("key.pem", next.key)
            #expect(await secure.rig.reload { _ in }.outcome == .applied)
            #expect(try await secure.http1().peerThumbprint == next.thumbprint)
        }
    }

    @Test func keepsItsCertificateWhenTheFilesAreOfNoUse() async throws {
        try await SecureRig.run { secure async throws in
            try secure.folder.write("key.pem", "nothing")
            #expect(await secure.rig.reload { _ in }.outcome == .applied)
            try await wait(for: "the log") {
                secure.rig.log.events.contains {
                    $0.level == "error" && $0.message.hasPrefix("the certificate's files changed and cannot be used")
                }
            }
            #expect(try await secure.rig.metric(#"gw_tls_reloads_total{door="public",result="refused"}"#) == 1)
            let client = try await secure.http2()
            #expect(try await client.ask("GET", "/health").status == 200)
            client.leave()
        }
    }

    @Test func takesOtherFilesWithAReload() async throws {
        try await SecureRig.run { secure async throws in
            let leaf = try secure.authority.leaf(dns: ["localhost"], days: SecureRig.days)
            let (certificate, key) = (
                try secure.folder.write("other.pem", leaf.certificate), try secure.folder.write("other.key", leaf.key)
            )
            let port = secure.rig.gate.securePort
            let refused = await secure.rig.reload { $0.listen.tls.certificate = certificate }
            #expect(refused.outcome == .failed)
            #expect(refused.reason?.contains("does not belong to the certificate") == true)
            let report = await secure.rig.reload {
                $0.listen.tls.certificate = certificate
                $0.listen.tls.key = key
            }
            #expect(report.outcome == .applied)
            #expect(secure.rig.gate.securePort == port)
            #expect(try await secure.http1().peerThumbprint == leaf.thumbprint)
        }
    }

    @Test func beginsAndEndsToSpeakTLSWithAReload() async throws {
        try await SecureRig.run { secure async throws in
            let tls = secure.rig.gate.configuration.listen.tls
            let old = secure.rig.gate.securePort
            #expect(await secure.rig.reload { $0.listen.tls.address = nil }.outcome == .applied)
            #expect(secure.rig.gate.securePort == 0)
            #expect(throws: (any Error).self) { try RawConnection(port: old) }
            let report = await secure.rig.reload {
                $0.listen.tls = tls
                $0.listen.isPlain = false
            }
            #expect(report.outcome == .applied)
            #expect(secure.rig.gate.port == 0)
            let client = try await secure.http2()
            #expect(try await client.ask("GET", "/health").status == 200)
            client.leave()
        }
    }
}
