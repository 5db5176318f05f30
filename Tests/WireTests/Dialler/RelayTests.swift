import Foundation
import NIOCore
import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryWire

/// A client, the gate's edge and dialler, and a provider, all on loopback.
@Suite struct RelayTests {
    @Test func carriesQuestionAndAnswer() async throws {
        let upstream = try RecordingUpstream()
        try await Bench.relay(upstream) { _, client async throws in
            client.send(Sample.post("hello"))
            let answer = try await client.answer()
            #expect(answer.status == 200)
            #expect(answer.text == #"{"ok":true}"#)
            #expect(answer["content-type"] == "application/json")
            #expect(upstream.requests.map(\.message.text) == ["hello"])
        }
    }

    @Test func notesEachOfPipelinedAnswersForItself() async throws {
        let upstream = try RecordingUpstream { request in
            [.answer(String(repeating: "x", count: request.number + 1))]
        }
        let deliveries = Observed<[Delivery]>([])
        try await Bench.relay(upstream, deliveries: deliveries) { _, client async throws in
            client.send(Sample.get + Sample.get + Sample.get)
            for _ in 0..<3 { _ = try await client.answer() }
            let noted = try await deliveries.wait("three deliveries") { $0.count == 3 }
            #expect(noted.map(\.bytesOut).sorted() == [1, 2, 3])
            #expect(noted.map(\.status) == [200, 200, 200])
        }
    }

    @Test func answers502WhenNobodyListens() async throws {
        let upstream = try RecordingUpstream()
        let origin = try #require(Origin("http://127.0.0.1:1"))
        try await Bench.open(service: { Forwarder($0, to: origin) }) { bench async throws in
            let client = try bench.client()
            client.send(Sample.get)
            let answer = try await client.answer()
            #expect(answer.status == 502)
            #expect(answer.text.contains("connect"))
            client.send(Sample.get)
            #expect(try await client.answer().status == 502)
        }
        upstream.stop()
    }

    // SEC-505
    @Test(arguments: [
        "HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\nshort",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nshort\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nsho",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nshort\r\n0\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nshortXX",
    ])
    func endsACutAnswerAbnormally(_ raw: String) async throws {
        let latch = Latch()
        let upstream = try RecordingUpstream { _ in [.send(raw), .wait(latch), .close] }
        let deliveries = Observed<[Delivery]>([])
        try await Bench.relay(upstream, deliveries: deliveries) { _, client async throws in
            client.send(Sample.get)
            try await client.receive(until: "\r\n\r\n")
            latch.open()
            let answer = try await client.answer()
            #expect(!answer.isComplete)
            try await deliveries.wait("a delivery") { $0.first?.cut == .upstream }
        }
    }

    @Test func takesAResetForACutWhereOnlyTheCloseEndsTheBody() async throws {
        let latch = Latch()
        let upstream = try RecordingUpstream { _ in [.send("HTTP/1.1 200 OK\r\n\r\nsome"), .wait(latch), .reset] }
        try await Bench.relay(upstream) { _, client async throws in
            client.send(Sample.get)
            try await client.receive(until: "some")
            latch.open()
            #expect(try await !client.answer().isComplete)
        }
    }

    @Test func carriesABodyThatEndsWithItsConnection() async throws {
        let upstream = try RecordingUpstream { _ in [.send("HTTP/1.1 200 OK\r\n\r\nsome"), .close] }
        try await Bench.relay(upstream) { bench, client async throws in
            client.send(Sample.get)
            let answer = try await client.answer()
            #expect(answer.isComplete)
            #expect(answer.text == "some")
            #expect(bench.counters.idle.current == 0)
        }
    }

    @Test func skipsInterimAnswers() async throws {
        let upstream = try RecordingUpstream { _ in
            [
                .send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n"),
                .answer("done"),
            ]
        }
        try await Bench.relay(upstream) { _, client async throws in
            client.send(Sample.get)
            #expect(try await client.answer().text == "done")
            client.send(Sample.get)
            #expect(try await client.answer().text == "done")
        }
    }

    @Test func endsAFloodOfInterimAnswers() async throws {
        let upstream = try RecordingUpstream { _ in [.flood(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8))] }
        try await Bench.relay(upstream) { _, client async throws in
            client.send(Sample.get)
            #expect(try await client.answer().status == 502)
        }
    }

    @Test(arguments: ["HTTP/1.1 101 Switching Protocols\r\n\r\n", "HTTP/2 200\r\n\r\n", "HTTP/1.1 999 No\r\n\r\n"])
    func answers502ToWhatItCannotRead(_ raw: String) async throws {
        let upstream = try RecordingUpstream { _ in [.send(raw)] }
        try await Bench.relay(upstream) { _, client async throws in
            client.send(Sample.get)
            #expect(try await client.answer().status == 502)
            try await upstream.left(0)
        }
    }

    @Test func answersHEADWithoutBody() async throws {
        let upstream = try RecordingUpstream { _ in
            [.send("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")]
        }
        try await Bench.relay(upstream) { _, client async throws in
            for _ in 0..<2 {
                client.send("HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n")
                #expect(try await client.answer(toHEAD: true).status == 200)
            }
            #expect(upstream.connections.count == 1)
        }
    }

    @Test func speaksHTTP10WithItsClient() async throws {
        let upstream = try RecordingUpstream { _ in
            [.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n")]
        }
        try await Bench.relay(upstream) { _, client async throws in
            client.send("GET /a HTTP/1.0\r\nHost: x\r\n\r\n")
            let answer = try await client.answer()
            #expect(answer.text == "hi")
            #expect(answer["transfer-encoding"] == nil)
            #expect(client.ending == .clean)
        }
    }
}
