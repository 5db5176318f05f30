import Foundation
import NIOCore
import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryWire

/// Bodies that are read, drained, bounded and waited for, without a socket.
@Suite struct ServerConnectionBodyTests {
    @Test func timesOutABodyOfWhichNothingComes() {
        let bench = ConnectionBench(ClosureService.bodies)
        bench.receive(Sample.post(10))
        bench.pass(29)
        #expect(bench.transport.written == "")
        bench.pass(2)
        #expect(bench.transport.written.hasPrefix("HTTP/1.1 408 "))
        #expect(bench.transport.others == [.finishWriting])
    }

    @Test func timesOutABodyThatDrips() {
        let bench = ConnectionBench(ClosureService.bodies)
        bench.receive(Sample.post(1000))
        for _ in 0..<3 {
            bench.receive("x")
            bench.pass(9)
        }
        #expect(bench.transport.written == "")
        bench.receive("x")
        bench.pass(9)
        #expect(bench.transport.written.hasPrefix("HTTP/1.1 408 "))
    }

    @Test func doesNotBlameAPausedClientForTheSilence() {
        let latch = PausedService()
        let bench = ConnectionBench(latch.answer)
        bench.receive(Sample.post(100_000))
        bench.receive(String(repeating: "x", count: 70_000))
        #expect(bench.transport.others == [.reading(false)])
        bench.pass(1000)
        #expect(bench.transport.written == "")
        latch.go()
        bench.loop.run()
        #expect(bench.transport.others == [.reading(false), .reading(true)])
        bench.receive(String(repeating: "x", count: 30_000))
        #expect(bench.transport.written.contains("100000"))
    }

    // SEC-102
    @Test func drainsAfterAnEarlyAnswerWithoutReadingARequestThere() {
        let bench = ConnectionBench(ClosureService.refusal)
        let smuggled = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
        bench.receive(Sample.post(smuggled.utf8.count))
        bench.receive(smuggled)
        #expect(bench.transport.written.components(separatedBy: "HTTP/1.1").count == 2)
        bench.receive(Sample.get)
        #expect(bench.transport.written.components(separatedBy: "HTTP/1.1 401").count == 3)
        #expect(bench.transport.others == [])
    }

    @Test func drainsThoughMoreHadComeThanTheWindowHolds() {
        let latch = PausedService(status: 429)
        let bench = ConnectionBench(latch.answer)
        bench.receive(Sample.post(100_000))
        bench.receive(String(repeating: "x", count: 70_000))
        latch.refuse()
        bench.loop.run()
        bench.receive(String(repeating: "x", count: 20_000))
        #expect(bench.transport.isReading)
        bench.receive(String(repeating: "x", count: 10_000))
        #expect(bench.connection.phase == .head)
        #expect(bench.transport.isReading)
    }

    @Test func givesUpADrainThatTakesTooLong() {
        let bench = ConnectionBench(ClosureService.refusal)
        bench.receive(Sample.post(1000))
        for _ in 0..<4 {
            bench.pass(0.6)
            bench.receive("x")
        }
        #expect(bench.transport.others == [.close])
    }

    @Test func closesAfterAnEarlyAnswerToALongBody() {
        let bench = ConnectionBench(ClosureService.refusal)
        bench.receive(Sample.post(1_000_000))
        #expect(bench.transport.written.contains("connection: close"))
        #expect(bench.transport.others == [.finishWriting])
        bench.receive(Sample.get)
        #expect(bench.transport.written.components(separatedBy: "HTTP/1.1").count == 2)
        bench.leave()
        #expect(bench.door.openConnections == 0)
    }

    @Test func answersABodyDeclaredTooLargeBeforeItComes() {
        let bench = ConnectionBench(ClosureService.bodies)
        bench.receive("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 99999999999\r\n\r\n")
        #expect(bench.transport.written.hasPrefix("HTTP/1.1 413 "))
        #expect(bench.transport.others == [.finishWriting])
    }

    @Test func refusesAChunkedBodyThatGrowsTooLarge() {
        var limits = EdgeLimits()
        limits.body = 10
        let bench = ConnectionBench(limits: limits, ClosureService.bodies)
        bench.receive("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n12345678\r\n")
        #expect(bench.transport.written == "")
        bench.receive("8\r\n12345678\r\n")
        #expect(bench.transport.written.hasPrefix("HTTP/1.1 413 "))
    }

    @Test func asksNobodyAboutABodyKnownToBeBroken() {
        let bench = ConnectionBench(ClosureService.paths)
        bench.receive("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nnope\r\n")
        #expect(bench.transport.written.hasPrefix("HTTP/1.1 400 "))
        #expect(bench.door.brokenHeads.current == 1)
    }

    @Test func continuesWhenTheServiceWantsTheBody() {
        let bench = ConnectionBench(ClosureService.bodies)
        bench.receive("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        #expect(bench.transport.written == "HTTP/1.1 100 Continue\r\n\r\n")
        bench.receive("hi")
        #expect(bench.transport.written.hasSuffix("\r\n\r\nhi"))
        #expect(bench.connection.phase == .head)
    }

    @Test func closesWhenItAnswersAClientThatWaitsForContinue() {
        let bench = ConnectionBench(ClosureService.refusal)
        bench.receive("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        #expect(bench.transport.written.hasPrefix("HTTP/1.1 401 "))
        #expect(bench.transport.others == [.finishWriting])
    }

    @Test func letsNobodyWaitForABodyThatWillNotCome() {
        let ended = Latch()
        let bench = ConnectionBench { _, _, body, reply in
            _ = reply.send(status: 401, body: ByteBuffer())
            do throws(GateError) {
                while try await body.next() != nil {}
            } catch { ended.open() }
        }
        bench.receive(Sample.post(1_000_000))
        bench.loop.run()
        #expect(ended.isOpen)
    }

    @Test func countsTheBodyForItsOwnExchangeOnly() {
        let counts = Observed<[Int]>([])
        let bench = ConnectionBench { worker, _, body, reply in
            var all = 0
            while let piece = try? await body.next() { all += piece.readableBytes }
            _ = reply.send(status: 200, body: ByteBuffer())
            counts.change { $0.append(body.received) }
        }
        bench.receive(Sample.post(3))
        bench.receive("abc" + Sample.post(5) + "1")
        bench.receive("2345")
        #expect(counts.value == [3, 5])
    }
}
