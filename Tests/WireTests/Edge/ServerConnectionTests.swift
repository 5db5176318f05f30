import Foundation
import NIOCore
import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryWire

/// What the connection does to its transport for what happens to it, without a socket.
@Suite struct ServerConnectionTests {
    @Test func answersAndKeepsTheConnection() {
        let bench = ConnectionBench(ClosureService.paths)
        bench.receive(Sample.get)
        #expect(bench.transport.written == "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n/a")
        #expect(bench.transport.others == [])
        #expect(bench.connection.phase == .head)
    }

    @Test func answersPipelinedRequestsInOrder() {
        let bench = ConnectionBench(ClosureService.paths)
        bench.receive(
            Sample.get + "GET /b HTTP/1.1\r\nHost: x\r\n\r\nGET /c HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        )
        let bodies = bench.transport.written.components(separatedBy: "\r\n\r\n").dropFirst().map { $0.prefix(2) }
        #expect(Array(bodies) == ["/a", "/b", "/c"])
        #expect(bench.transport.others == [.close])
        #expect(bench.door.openConnections == 0)
    }

    // SEC-109
    @Test func beginsOneRequestInATurnOfTheLoop() {
        let bench = ConnectionBench(ClosureService.paths)
        let answers = { bench.transport.written.components(separatedBy: "HTTP/1.1 200").count - 1 }
        bench.connection.received(ByteBuffer(string: String(repeating: Sample.get, count: 50)))
        #expect(answers() == 1)
        // Bytes that come meanwhile do not push in front of others' turns.
        bench.connection.received(ByteBuffer(string: Sample.get))
        #expect(answers() == 1)
        bench.connection.finishGathering()
        #expect(answers() == 2)
        bench.loop.run()
        #expect(answers() == 51)
        #expect(bench.connection.phase == .head)
        #expect(bench.transport.others == [])
        // The next one that comes alone is begun at once.
        bench.connection.received(ByteBuffer(string: Sample.get))
        #expect(answers() == 52)
    }

    // SEC-701
    @Test func takesNoMoreOfAClientWhoseRequestsWaitForTheirTurn() {
        let bench = ConnectionBench(ClosureService.paths)
        let many = String(repeating: Sample.get, count: 5000)
        bench.connection.received(ByteBuffer(string: many))
        #expect(!bench.transport.isReading)
        bench.loop.run()
        #expect(bench.transport.isReading)
        #expect(bench.transport.written.components(separatedBy: "HTTP/1.1 200").count - 1 == 5000)
    }

    // SEC-701
    @Test func keepsNothingOfRequestsThatWereAnswered() {
        let bench = ConnectionBench(ClosureService.paths)
        // There are always some waiting, so the buffer is never empty.
        bench.connection.received(ByteBuffer(string: String(repeating: Sample.get, count: 3)))
        for _ in 0..<20_000 {
            bench.connection.received(ByteBuffer(string: Sample.get))
            bench.connection.finishGathering()
            #expect(bench.connection.inbound.readableBytes > 0)
        }
        #expect(bench.connection.inbound.capacity <= 1024)
    }

    @Test func readsAHeadFromSingleBytes() {
        let bench = ConnectionBench(ClosureService.paths)
        for octet in ("\r\n" + Sample.get).utf8 { bench.receive(String(UnicodeScalar(octet))) }
        #expect(bench.transport.written.hasSuffix("\r\n\r\n/a"))
    }

    @Test func skipsOneEmptyLineOnly() {
        let bench = ConnectionBench(ClosureService.paths)
        bench.receive("\r\n")
        bench.receive("\r\n")
        #expect(bench.transport.written.hasPrefix("HTTP/1.1 400 "))
    }

    // SEC-101
    @Test(arguments: ["\u{16}\u{3}\u{1}", "GET /\r\n", "GET / HTTP/2.0\r\n", "G@T", "GET /\n"])
    func refusesWhatCanOnlyBeRefusedBeforeAllOfItHasCome(_ beginning: String) {
        let bench = ConnectionBench(ClosureService.paths)
        bench.receive(beginning)
        if beginning == "G@T" {
            #expect(bench.transport.written == "")
            bench.receive(" / HTTP/1.1\r\n")
        }
        #expect(bench.transport.written.hasPrefix("HTTP/1.1 400 "))
        #expect(bench.transport.others == [.finishWriting])
    }

    @Test func answersALineWithoutEndAsATargetTooLong() {
        let bench = ConnectionBench(ClosureService.paths)
        bench.receive("GET /" + String(repeating: "a", count: 33_000))
        #expect(bench.transport.written.hasPrefix("HTTP/1.1 414 "))
    }

    @Test func answersAHeadWithoutEndAsTooLarge() {
        let bench = ConnectionBench(ClosureService.paths)
        bench.receive("GET / HTTP/1.1\r\n" + String(repeating: "a: b\r\n", count: 6000))
        #expect(bench.transport.written.hasPrefix("HTTP/1.1 431 "))
    }

    // SEC-109
    @Test func answersASlowHeadWith408() {
        let bench = ConnectionBench(ClosureService.paths)
        bench.receive("GET / HT")
        bench.pass(9)
        bench.receive("TP/1.1\r\n")
        bench.pass(0.9)
        #expect(bench.transport.written == "")
        bench.pass(0.2)
        #expect(bench.transport.written.hasPrefix("HTTP/1.1 408 "))
        #expect(bench.transport.others == [.finishWriting])
        bench.pass(2.1)
        #expect(bench.transport.others == [.finishWriting, .close])
        #expect(bench.door.openConnections == 0)
    }

    @Test func closesAnIdleConnectionWithoutAWord() {
        let bench = ConnectionBench(ClosureService.paths)
        bench.receive(Sample.get)
        bench.pass(59)
        #expect(bench.transport.others == [])
        bench.pass(2)
        #expect(bench.transport.others == [.close])
    }

    @Test func answersHEADWithoutABody() {
        let bench = ConnectionBench(ClosureService.paths)
        bench.receive("HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(bench.transport.written == "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n")
    }

    @Test func closesAfterAnHTTP10Request() {
        let bench = ConnectionBench(ClosureService.paths)
        bench.receive("GET /a HTTP/1.0\r\nHost: x\r\n\r\n")
        #expect(bench.transport.written == "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n/a")
        #expect(bench.transport.others == [.close])
    }

    @Test func closesAfterTheLastRequestOfAConnection() {
        var limits = EdgeLimits()
        limits.requestsPerConnection = 2
        let bench = ConnectionBench(limits: limits, ClosureService.paths)
        bench.receive(Sample.get + Sample.get + Sample.get)
        #expect(bench.transport.written.components(separatedBy: "HTTP/1.1 200").count == 3)
        #expect(bench.transport.others == [.finishWriting])
    }

    @Test func answersForAServiceThatDoesNot() {
        let bench = ConnectionBench { _, _, _, _ in }
        bench.receive(Sample.get)
        #expect(bench.transport.written.hasPrefix("HTTP/1.1 500 "))
        #expect(bench.door.unanswered.current == 1)
    }

    @Test func cutsAStreamThatTheServiceForgets() {
        let bench = ConnectionBench { _, _, _, reply in
            var stream = reply.stream(status: 200)
            try? await stream.write(ByteBuffer(string: "abc"))
        }
        bench.receive(Sample.get)
        #expect(bench.transport.written.hasSuffix("3\r\nabc\r\n"))
        #expect(bench.transport.others == [.close])
    }

    @Test func resetsAStreamThatOnlyACloseWouldEnd() {
        let bench = ConnectionBench { _, _, _, reply in
            var stream = reply.stream(status: 200)
            try? await stream.write(ByteBuffer(string: "abc"))
            _ = stream.cut(.upstream)
        }
        bench.receive("GET /a HTTP/1.0\r\nHost: x\r\n\r\n")
        #expect(bench.transport.others == [.reset])
    }

    // SEC-701
    @Test func makesNoMoreAnswersForAClientThatTakesNone() {
        let bench = ConnectionBench(ClosureService.paths)
        bench.setWritable(false)
        bench.receive(Sample.get + Sample.get)
        #expect(bench.transport.written == "")
        #expect(bench.transport.others == [.reading(false)])
        bench.setWritable(true)
        #expect(bench.transport.written.components(separatedBy: "HTTP/1.1").count == 3)
        #expect(bench.transport.isReading)
    }

    @Test func givesUpAClientThatTakesNothing() {
        let bench = ConnectionBench(ClosureService.paths)
        bench.setWritable(false)
        bench.receive(Sample.get)
        bench.pass(61)
        #expect(bench.transport.others == [.reading(false), .reset])
        #expect(bench.door.openConnections == 0)
    }

    @Test func tellsTheServiceThatTheClientHasLeft() {
        let cut = Observed<Entry.Cut?>(nil)
        let bench = ConnectionBench { _, _, body, reply in
            do throws(GateError) {
                while try await body.next() != nil {}
            } catch {}
            let delivery = reply.send(status: 200, body: ByteBuffer())
            cut.change { $0 = delivery.cut }
        }
        bench.receive(Sample.post(10))
        bench.leave()
        #expect(cut.value == .client)
        #expect(bench.door.openConnections == 0)
        #expect(bench.transport.written == "")
    }

    @Test func survivesATransportThatEndsInsideFlush() {
        let bench = ConnectionBench(ClosureService.paths)
        bench.transport.whileFlushing = { [unowned bench] in
            bench.connection.received(ByteBuffer(string: Sample.get))
            bench.connection.closed(nil)
        }
        bench.receive(Sample.get)
        #expect(bench.connection.phase == .closed)
        #expect(bench.door.openConnections == 0)
    }

    @Test func keepsNothingAfterItIsClosed() {
        weak var connection: ServerConnection?
        do {
            let bench = ConnectionBench(ClosureService.bodies)
            connection = bench.connection
            bench.receive(Sample.post(10))
            bench.leave()
        }
        #expect(connection == nil)
    }

    @Test func drainingEndsIdleConnectionsAndKeepsNoOther() {
        let latch = PausedService()
        let busy = ConnectionBench(latch.answer)
        busy.receive(Sample.post(2))
        busy.door.beginDraining()
        busy.connection.drain()
        #expect(busy.transport.others == [])
        latch.go()
        busy.receive("hi")
        #expect(busy.transport.written.contains("connection: close"))
        #expect(busy.transport.others == [.close])

        let idle = ConnectionBench(ClosureService.paths)
        idle.receive(Sample.get)
        idle.connection.drain()
        #expect(idle.transport.others == [.close])
    }

    // SEC-706
    @Test func drainingWaitsForTheFirstRequestOfAConnection() {
        let fresh = ConnectionBench(ClosureService.paths)
        fresh.door.beginDraining()
        fresh.connection.drain()
        #expect(fresh.transport.others == [])
        fresh.receive(Sample.get)
        #expect(fresh.transport.written.contains("connection: close"))
        #expect(fresh.transport.others == [.close])

        let silent = ConnectionBench(ClosureService.paths)
        silent.connection.drain()
        silent.pass(EdgeLimits.firstCall + 0.1)
        #expect(silent.transport.others == [.close])
    }

    @Test func cuttingOffResetsAnAnswerInFlight() {
        let latch = PausedService()
        let bench = ConnectionBench(latch.answer)
        bench.receive(Sample.post(2))
        bench.connection.cutOff()
        bench.loop.run()
        #expect(bench.transport.others == [.reset])
    }
}
