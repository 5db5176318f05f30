import Foundation
import NIOCore
import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryWire

/// Providers and clients that are slow, or silent.
@Suite struct PaceTests {
    @Test func answers504WhenTheHeadDoesNotCome() async throws {
        let upstream = try RecordingUpstream { _ in [.wait(Latch())] }
        try await Bench.relay(upstream) { bench, client async throws in
            client.send(Sample.post("question"))
            try await upstream.requests(1)
            try await bench.pass(299)
            try await bench.pass(2)
            let answer = try await client.answer()
            #expect(answer.status == 504)
            try await upstream.left(0)
        }
    }

    @Test func letsAStreamBeSilentForAsLongAsItLikes() async throws {
        let latches = (0..<16).map { _ in Latch() }
        let upstream = try RecordingUpstream { _ in
            [.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")]
                + latches.enumerated().flatMap { number, latch in
                    [RecordingUpstream.Step.wait(latch), .send("4\r\n<\(String(format: "%02d", number))>\r\n")]
                } + [.send("0\r\n\r\n")]
        }
        try await Bench.relay(upstream) { bench, client async throws in
            client.send(Sample.get)
            try await client.receive(until: "\r\n\r\n")
            for (number, latch) in latches.enumerated() {
                try await bench.pass(40)
                latch.open()
                try await client.receive(until: String(format: "<%02d>", number))
            }
            #expect(try await client.answer().isComplete)
        }
    }

    @Test func answers504WhenTheProviderTakesNothingOfTheRequest() async throws {
        let upstream = try RecordingUpstream(at: .connection, receiveBuffer: 4096) { _ in [.wait(Latch())] }
        try await Bench.relay(upstream) { bench, client async throws in
            let size = 30_000_000
            client.send("POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: \(size)\r\n\r\n")
            let taken = try await blocking {
                let piece = [UInt8](repeating: 0x61, count: 100_000)
                var sent = 0
                while sent < size, client.send(piece, milliseconds: 300) { sent += piece.count }
                return sent
            }
            // SEC-701: a slow provider slows the client; nothing piles up here.
            #expect(taken < size)
            try await bench.pass(301)
            #expect(try await client.answer().status == 504)
        }
    }

    @Test func stopsReadingAProviderWhoseClientIsSlow() async throws {
        let upstream = try RecordingUpstream { _ in
            [
                .send("HTTP/1.1 200 OK\r\ncontent-length: 100000000000\r\n\r\n"),
                .flood([UInt8](repeating: 0x61, count: 65_536)),
            ]
        }
        try await Bench.open(service: Forwarder.make(to: upstream)) { bench async throws in
            let client = try bench.client(receiveBuffer: 4096)
            client.send(Sample.get)
            try await client.receive(until: "\r\n\r\n")
            // The flood stands still when all buffers are full.
            var before = -1
            while upstream.record.value.flooded != before {
                before = upstream.record.value.flooded
                _ = try? await upstream.record.wait("nothing", seconds: 0.4) { [before] in $0.flooded < before }
            }
            #expect(before < 64_000_000)
            client.leave()
            try await upstream.left(0)
        }
        upstream.stop()
    }
}
