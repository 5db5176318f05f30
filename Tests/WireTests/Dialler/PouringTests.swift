import NIOCore
import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryWire

/// A provider's body taken in up to a bound.
@Suite struct PouringTests {
    private static let get = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"

    /// Asks the provider and answers with what of the body was taken in.
    private final class Collector: EdgeService {
        private let worker: Worker
        private let target: UpstreamTarget
        private let begun: Latch

        init(_ worker: Worker, port: Int, begun: Latch) {
            self.worker = worker
            self.begun = begun
            target = UpstreamTarget(Origin("http://127.0.0.1:\(port)") ?? Origin(socketPath: ""))
        }

        func answer(_ head: RequestHead, body: RequestBody, peer: Peer, reply: consuming Reply) {
            reply.later { [self] reply in await collect(body, reply) }
        }

        private func collect(_ body: RequestBody, _ reply: consuming Reply) async {
            let request = UpstreamRequest(
                to: target,
                head: ByteBuffer(string: "GET /a HTTP/1.1\r\nhost: x\r\n"),
                isHEAD: false,
                hasBody: false,
                body: ByteBuffer(),
                length: 0,
                isWhole: true
            )
            do throws(GateError) {
                let answer = try await worker.dialler.exchange(request, client: body)
                begun.open()
                let (text, isWhole) = try await answer.collectBeginning(limit: 10, within: 10, client: body)
                _ = reply.send(status: isWhole ? 200 : 206, body: text)
            } catch {
                _ = reply.send(status: error.status, body: ByteBuffer(string: "\(error.cause)"))
            }
        }

        func refusal(_ error: GateError, to head: RequestHead?, started: MonotonicTime, peer: Peer) -> Refusal {
            Refusal(status: error.status, fieldLines: [], body: [])
        }
    }

    private static func run(
        _ script: @escaping @Sendable (RecordingUpstream.Request) -> [RecordingUpstream.Step],
        _ body: (Bench, RawConnection, RecordingUpstream, Latch) async throws -> Void
    ) async throws {
        let upstream = try RecordingUpstream(script: script)
        let begun = Latch()
        try await Bench.open(service: { Collector($0, port: upstream.port, begun: begun) }) { bench in
            try await body(bench, try bench.client(), upstream, begun)
        }
        upstream.stop()
    }

    @Test(arguments: [("", 200), ("short", 200), ("ten bytes.", 200), ("eleven byte", 206)])
    func takesABodyUpToItsBound(_ text: String, _ status: Int) async throws {
        try await Self.run({ _ in [.answer(text)] }) { bench, client, _, _ in
            client.send(Self.get)
            let answer = try await client.answer()
            #expect(answer.status == status)
            #expect(answer.text == text.prefix(10))
            try await bench.settle()
            #expect(bench.counters.idle.current == (status == 200 ? 1 : 0))
        }
    }

    @Test func leavesAProviderThatGoesOn() async throws {
        let head = "HTTP/1.1 500 No\r\ntransfer-encoding: chunked\r\n\r\n"
        try await Self.run({ _ in [.send(head), .flood(Array("5\r\nabcde\r\n".utf8))] }) { _, client, upstream, _ in
            client.send(Self.get)
            let answer = try await client.answer()
            #expect(answer.status == 206)
            #expect(answer.text == "abcdeabcde")
            try await upstream.left(0)
        }
    }

    @Test func refusesABodyThatBreaksOff() async throws {
        let half = "HTTP/1.1 500 No\r\ncontent-length: 9\r\n\r\nhalf"
        try await Self.run({ _ in [.send(half), .close] }) { _, client, _, _ in
            client.send(Self.get)
            let answer = try await client.answer()
            #expect(answer.status == 502)
            #expect(answer.text == "body_broken")
        }
    }

    @Test func waitsForABodyNoLongerThanItMay() async throws {
        let half = "HTTP/1.1 500 No\r\ncontent-length: 9\r\n\r\nhalf"
        let latch = Latch()
        try await Self.run({ _ in [.send(half), .wait(latch)] }) { bench, client, _, begun in
            client.send(Self.get)
            try await begun.wait("the answer begins")
            try await bench.pass(9)
            #expect(try await client.staysSilent(milliseconds: 50))
            try await bench.pass(2)
            #expect(try await client.answer().status == 502)
        }
    }

    @Test func leavesTheProviderWithTheClient() async throws {
        let half = "HTTP/1.1 500 No\r\ncontent-length: 9\r\n\r\nhalf"
        let latch = Latch()
        try await Self.run({ _ in [.send(half), .wait(latch)] }) { _, client, upstream, begun in
            client.send(Self.get)
            try await begun.wait("the answer begins")
            client.leave()
            try await upstream.left(0)
        }
    }
}
