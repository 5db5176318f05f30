import Foundation
import NIOCore
import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryWire

/// A request's body on its way to a provider, which may answer before it has all of it.
@Suite struct RequestBodyTests {
    @Test func sendsALongBodyOnAsItComes() async throws {
        let upstream = try RecordingUpstream { request in [.answer("\(request.message.body.count)")] }
        let body = String(repeating: "0123456789", count: 300_000)
        try await Bench.relay(upstream) { _, client async throws in
            _ = try await blocking { client.send(Sample.post(body)) }
            #expect(try await client.answer().text == "3000000")
            #expect(upstream.requests.first?.message["content-length"] == "3000000")
            client.send(Sample.get)
            #expect(try await client.answer().status == 200)
            #expect(upstream.connections.count == 1)
        }
    }

    @Test func sendsAChunkedBodyOnInChunksOfItsOwn() async throws {
        let upstream = try RecordingUpstream { request in [.answer(request.message.text)] }
        try await Bench.relay(upstream) { _, client async throws in
            client.send("POST /p HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3;ext=1\r\nabc\r\n")
            try await upstream.record.wait("the first chunk") {
                $0.connections.first.map { String(decoding: $0, as: UTF8.self).contains("abc") } ?? false
            }
            client.send("2\r\nde\r\n0\r\nX-Trailer: 1\r\n\r\n")
            #expect(try await client.answer().text == "abcde")
            let sent = String(decoding: upstream.connections[0], as: UTF8.self)
            #expect(!sent.contains("ext=1"))
            #expect(!sent.lowercased().contains("x-trailer"))
        }
    }

    @Test func sendsNoCompleteRequestForABrokenBody() async throws {
        let upstream = try RecordingUpstream()
        try await Bench.relay(upstream) { _, client async throws in
            client.send("POST /p HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
            try await upstream.record.wait("the first chunk") {
                $0.connections.first.map { String(decoding: $0, as: UTF8.self).contains("abc") } ?? false
            }
            client.send("zz\r\n")
            #expect(try await client.answer().status == 400)
            do {
                let value = try await client.receiveEnd()
                #expect(value == .clean)
            }
            try await upstream.left(0)
            #expect(upstream.requests.isEmpty)
        }
    }

    @Test func carriesAnAnswerThatComesBeforeTheRequestIsComplete() async throws {
        let upstream = try RecordingUpstream(at: .head) { _ in
            [.send("HTTP/1.1 413 No\r\ncontent-length: 4\r\n\r\nlong")]
        }
        try await Bench.relay(upstream) { bench, client async throws in
            // The rest of the body never comes.
            client.send("POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhalf")
            let answer = try await client.answer()
            #expect(answer.status == 413)
            #expect(answer.text == "long")
            try await upstream.left(0)
            #expect(bench.counters.idle.current == 0)
        }
    }

    @Test func goesOnSendingWhileTheAnswerComes() async throws {
        let latch = Latch()
        let upstream = try RecordingUpstream(at: .head) { _ in
            [
                .send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n"), .wait(latch),
                .send("0\r\n\r\n"),
            ]
        }
        try await Bench.relay(upstream) { bench, client async throws in
            client.send("POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 8\r\n\r\nhalf")
            try await client.receive(until: "hi")
            client.send("rest")
            try await bench.settle()
            latch.open()
            #expect(try await client.answer().isComplete)
            try await upstream.record.wait("the rest comes") { record in
                record.connections.first.map { String(decoding: $0, as: UTF8.self).hasSuffix("halfrest") } ?? false
            }
        }
    }
}
