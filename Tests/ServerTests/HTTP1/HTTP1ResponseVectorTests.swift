import Foundation
import OstiaryTesting
import Testing

@testable import OstiaryServer

/// Hostile and broken providers of `vectors/http1` before the whole gate.
@Suite(.serialized, .enabled(if: Vectors.has("http1"), Comment(rawValue: Vectors.comment("http1"))))
struct HTTP1ResponseVectorTests {
    @Test(arguments: HTTP1Vectors.responses)
    func survives(_ test: HTTP1Vectors.Case) async throws {
        let raw = test.bytes(token: "")
        let ticks = (0..<5).map { _ in Latch() }
        let upstream = try RecordingUpstream { request in
            guard request.number == 0 else { return [.answer("good")] }
            return switch test.generate {
            case "silence": [.wait(Latch())]
            case "gzip-bomb":
                [
                    .send("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-encoding: gzip\r\n"),
                    .send("content-length: 10000000\r\n\r\n"), .send([UInt8](repeating: 0, count: 10_000_000)),
                ]
            case "sse-endless-line":
                [
                    .send(
                        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 100000000000\r\n\r\ndata: "
                    ),
                    .flood([UInt8](repeating: 0x61, count: 65_536)),
                ]
            case "sse-drip":
                [.send("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")]
                    + ticks.flatMap { [RecordingUpstream.Step.wait($0), .send("3\r\n:\n\n\r\n")] } + [
                        .send("0\r\n\r\n")
                    ]
            default: test.expect == "first-only" ? [.send(raw)] : [.send(raw), .close]
            }
        }
        try await GateRig.run(GateRig.solely, upstream: upstream) { rig async throws in
            let client = try rig.client()
            if test.expect != "bounded-memory" { client.send(rig.goodRequest()) }
            switch test.expect {
            case "bad-gateway":
                let answer = try await client.answer()
                #expect(answer.status == 502)
            case "forwarded-or-bad-gateway":
                let answer = try await client.answer()
                #expect(answer.status == 502 || answer.status == 307)
                #expect(upstream.requests.count == 1)
            case "aborted":
                let answer = try await client.answer()
                #expect(!answer.isComplete)
            case "first-only":
                let answer = try await client.answer()
                #expect(answer.isComplete)
                #expect(answer.status != 204 || answer.body == [])
                client.send(rig.goodRequest())
                let next = try await client.answer()
                #expect(next.text == "good")
                #expect(upstream.requests.map(\.connection) == [0, 1])
            case "gateway-timeout":
                try await upstream.requests(1)
                try await rig.pass(301)
                let answer = try await client.answer()
                #expect(answer.status == 504)
            case "forwarded":
                try await client.receive(until: "\r\n\r\n")
                for (number, tick) in ticks.enumerated() {
                    try await rig.pass(100)
                    tick.open()
                    try await client.receive(until: String(repeating: "3\r\n:\n\n\r\n", count: number + 1))
                }
                let answer = try await client.answer()
                #expect(answer.isComplete)
            case "bounded-memory" where test.generate == "gzip-bomb":
                try await Self.expectBoundedMemory(rig, 10_000_000)
            case "bounded-memory":
                // SEC-507: a line has its bound; the stream ends there, with an error.
                client.send(rig.goodRequest())
                let before = Self.residentBytes()
                let answer = try await client.answer()
                #expect(!answer.isComplete)
                #expect(answer.body.count < 1000)
                #expect(Self.residentBytes() - before < 32_000_000)
            default:
                Issue.record("the harness does not know \(test.expect)")
            }
        }
    }

    /// Reads this many bytes of an answer and keeps none; the gate must not keep them either.
    private static func expectBoundedMemory(_ rig: GateRig, _ count: Int) async throws {
        let socket = try Socket.connect(port: rig.gate.port)
        socket.write(rig.goodRequest().utf8)
        let grown = try await blocking {
            var received = 0
            var before: Int?
            while received < count {
                guard case .bytes(let bytes) = socket.read(milliseconds: 10_000) else {
                    throw NothingHappened("\(count) bytes come; \(received) did")
                }
                received += bytes.count
                if before == nil { before = residentBytes() }
            }
            return residentBytes() - (before ?? 0)
        }
        #expect(grown < 32_000_000)
    }

    private static func residentBytes() -> Int {
        let fields = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ") ?? []
        return (fields.dropFirst().first.flatMap { Int($0) } ?? 0) * 4096
    }
}
