import Foundation
import NIOCore
import NIOEmbedded
import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryWire

/// What the connection does to its transport for what happens to it, without a socket.
@Suite struct ServerConnectionTests {
    private static let get = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
    private static func post(_ length: Int, _ path: String = "/p") -> String {
        "POST \(path) HTTP/1.1\r\nHost: x\r\nContent-Length: \(length)\r\n\r\n"
    }

    private static let paths: ClosureService.Answer = { _, head, _, reply in
        _ = reply.send(status: 200, body: ByteBuffer(string: head.path))
    }

    private static let bodies: ClosureService.Answer = { _, _, body, reply in
        var all = ByteBuffer()
        do throws(GateError) {
            while let piece = try await body.next() { all.writeImmutableBuffer(piece) }
            _ = reply.send(status: 200, body: all)
        } catch {
            _ = reply.send(status: error.status, body: ByteBuffer(string: "\(error.cause)"))
        }
    }

    @Test func answersAndKeepsTheConnection() {
        let bench = ConnectionBench(Self.paths)
        bench.receive(Self.get)
        #expect(bench.transport.written == "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n/a")
        #expect(bench.transport.others == [])
        #expect(bench.connection.phase == .head)
    }

    @Test func answersPipelinedRequestsInOrder() {
        let bench = ConnectionBench(Self.paths)
        bench.receive(
            Self.get + "GET /b HTTP/1.1\r\nHost: x\r\n\r\nGET /c HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        )
        let bodies = bench.transport.written.components(separatedBy: "\r\n\r\n").dropFirst().map { $0.prefix(2) }
        #expect(Array(bodies) == ["/a", "/b", "/c"])
        #expect(bench.transport.others == [.close])
        #expect(bench.door.openConnections == 0)
    }

    @Test func readsAHeadFromSingleBytes() {
        let bench = ConnectionBench(Self.paths)
        for octet in ("\r\n" + Self.get).utf8 { bench.receive(String(UnicodeScalar(octet))) }
        #expect(bench.transport.written.hasSuffix("\r\n\r\n/a"))
    }

    @Test func skipsOneEmptyLineOnly() {
        let bench = ConnectionBench(Self.paths)
        bench.receive("\r\n")
        bench.receive("\r\n")
        #expect(bench.transport.written.hasPrefix("HTTP/1.1 400 "))
    }

    // SEC-101
    @Test(arguments: ["\u{16}\u{3}\u{1}", "GET /\r\n", "GET / HTTP/2.0\r\n", "G@T", "GET /\n"])
    func refusesWhatCanOnlyBeRefusedBeforeAllOfItHasCome(_ beginning: String) {
        let bench = ConnectionBench(Self.paths)
        bench.receive(beginning)
        if beginning == "G@T" {
            #expect(bench.transport.written == "")
            bench.receive(" / HTTP/1.1\r\n")
        }
        #expect(bench.transport.written.hasPrefix("HTTP/1.1 400 "))
        #expect(bench.transport.others == [.finishWriting])
    }

    @Test func answersALineWithoutEndAsATargetTooLong() {
        let bench = ConnectionBench(Self.paths)
        bench.receive("GET /" + String(repeating: "a", count: 33_000))
        #expect(bench.transport.written.hasPrefix("HTTP/1.1 414 "))
    }

    @Test func answersAHeadWithoutEndAsTooLarge() {
        let bench = ConnectionBench(Self.paths)
        bench.receive("GET / HTTP/1.1\r\n" + String(repeating: "a: b\r\n", count: 6000))
        #expect(bench.transport.written.hasPrefix("HTTP/1.1 431 "))
    }

    // SEC-109
    @Test func answersASlowHeadWith408() {
        let bench = ConnectionBench(Self.paths)
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
        let bench = ConnectionBench(Self.paths)
        bench.receive(Self.get)
        bench.pass(59)
        #expect(bench.transport.others == [])
        bench.pass(2)
        #expect(bench.transport.others == [.close])
    }

    @Test func timesOutABodyOfWhichNothingComes() {
        let bench = ConnectionBench(Self.bodies)
        bench.receive(Self.post(10))
        bench.pass(29)
        #expect(bench.transport.written == "")
        bench.pass(2)
        #expect(bench.transport.written.hasPrefix("HTTP/1.1 408 "))
        #expect(bench.transport.others == [.finishWriting])
    }

    @Test func timesOutABodyThatDrips() {
        let bench = ConnectionBench(Self.bodies)
        bench.receive(Self.post(1000))
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
        let bench = ConnectionBench { _, _, body, reply in await latch.answer(body, reply) }
        bench.receive(Self.post(100_000))
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
        let bench = ConnectionBench { _, _, _, reply in _ = reply.send(status: 401, body: ByteBuffer()) }
        let smuggled = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
        bench.receive(Self.post(smuggled.utf8.count))
        bench.receive(smuggled)
        #expect(bench.transport.written.components(separatedBy: "HTTP/1.1").count == 2)
        bench.receive(Self.get)
        #expect(bench.transport.written.components(separatedBy: "HTTP/1.1 401").count == 3)
        #expect(bench.transport.others == [])
    }

    @Test func drainsThoughMoreHadComeThanTheWindowHolds() {
        let latch = PausedService(status: 429)
        let bench = ConnectionBench { _, _, body, reply in await latch.answer(body, reply) }
        bench.receive(Self.post(100_000))
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
        let bench = ConnectionBench { _, _, _, reply in _ = reply.send(status: 401, body: ByteBuffer()) }
        bench.receive(Self.post(1000))
        for _ in 0..<4 {
            bench.pass(0.6)
            bench.receive("x")
        }
        #expect(bench.transport.others == [.close])
    }

    @Test func closesAfterAnEarlyAnswerToALongBody() {
        let bench = ConnectionBench { _, _, _, reply in _ = reply.send(status: 401, body: ByteBuffer()) }
        bench.receive(Self.post(1_000_000))
        #expect(bench.transport.written.contains("connection: close"))
        #expect(bench.transport.others == [.finishWriting])
        bench.receive(Self.get)
        #expect(bench.transport.written.components(separatedBy: "HTTP/1.1").count == 2)
        bench.leave()
        #expect(bench.door.openConnections == 0)
    }

    @Test func answersABodyDeclaredTooLargeBeforeItComes() {
        let bench = ConnectionBench(Self.bodies)
        bench.receive("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 99999999999\r\n\r\n")
        #expect(bench.transport.written.hasPrefix("HTTP/1.1 413 "))
        #expect(bench.transport.others == [.finishWriting])
    }

    @Test func refusesAChunkedBodyThatGrowsTooLarge() {
        var limits = EdgeLimits()
        limits.body = 10
        let bench = ConnectionBench(limits: limits, Self.bodies)
        bench.receive("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n12345678\r\n")
        #expect(bench.transport.written == "")
        bench.receive("8\r\n12345678\r\n")
        #expect(bench.transport.written.hasPrefix("HTTP/1.1 413 "))
    }

    @Test func asksNobodyAboutABodyKnownToBeBroken() {
        let bench = ConnectionBench(Self.paths)
        bench.receive("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nnope\r\n")
        #expect(bench.transport.written.hasPrefix("HTTP/1.1 400 "))
        #expect(bench.door.brokenHeads.current == 1)
    }

    @Test func continuesWhenTheServiceWantsTheBody() {
        let bench = ConnectionBench(Self.bodies)
        bench.receive("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        #expect(bench.transport.written == "HTTP/1.1 100 Continue\r\n\r\n")
        bench.receive("hi")
        #expect(bench.transport.written.hasSuffix("\r\n\r\nhi"))
        #expect(bench.connection.phase == .head)
    }

    @Test func closesWhenItAnswersAClientThatWaitsForContinue() {
        let bench = ConnectionBench { _, _, _, reply in _ = reply.send(status: 401, body: ByteBuffer()) }
        bench.receive("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        #expect(bench.transport.written.hasPrefix("HTTP/1.1 401 "))
        #expect(bench.transport.others == [.finishWriting])
    }

    @Test func answersHEADWithoutABody() {
        let bench = ConnectionBench(Self.paths)
        bench.receive("HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(bench.transport.written == "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n")
    }

    @Test func closesAfterAnHTTP10Request() {
        let bench = ConnectionBench(Self.paths)
        bench.receive("GET /a HTTP/1.0\r\nHost: x\r\n\r\n")
        #expect(bench.transport.written == "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n/a")
        #expect(bench.transport.others == [.close])
    }

    @Test func closesAfterTheLastRequestOfAConnection() {
        var limits = EdgeLimits()
        limits.requestsPerConnection = 2
        let bench = ConnectionBench(limits: limits, Self.paths)
        bench.receive(Self.get + Self.get + Self.get)
        #expect(bench.transport.written.components(separatedBy: "HTTP/1.1 200").count == 3)
        #expect(bench.transport.others == [.finishWriting])
    }

    @Test func answersForAServiceThatDoesNot() {
        let bench = ConnectionBench { _, _, _, _ in }
        bench.receive(Self.get)
        #expect(bench.transport.written.hasPrefix("HTTP/1.1 500 "))
        #expect(bench.door.unanswered.current == 1)
    }

    @Test func cutsAStreamThatTheServiceForgets() {
        let bench = ConnectionBench { _, _, _, reply in
            var stream = reply.stream(status: 200)
            try? await stream.write(ByteBuffer(string: "abc"))
        }
        bench.receive(Self.get)
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
        let bench = ConnectionBench(Self.paths)
        bench.setWritable(false)
        bench.receive(Self.get + Self.get)
        #expect(bench.transport.written == "")
        #expect(bench.transport.others == [.reading(false)])
        bench.setWritable(true)
        #expect(bench.transport.written.components(separatedBy: "HTTP/1.1").count == 3)
        #expect(bench.transport.isReading)
    }

    @Test func givesUpAClientThatTakesNothing() {
        let bench = ConnectionBench(Self.paths)
        bench.setWritable(false)
        bench.receive(Self.get)
        bench.pass(61)
        #expect(bench.transport.others == [.reading(false), .reset])
        #expect(bench.door.openConnections == 0)
    }

    @Test func letsNobodyWaitForABodyThatWillNotCome() {
        let ended = Latch()
        let bench = ConnectionBench { _, _, body, reply in
            _ = reply.send(status: 401, body: ByteBuffer())
            do throws(GateError) {
                while try await body.next() != nil {}
            } catch { ended.open() }
        }
        bench.receive(Self.post(1_000_000))
        bench.loop.run()
        #expect(ended.isOpen)
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
        bench.receive(Self.post(10))
        bench.leave()
        #expect(cut.value == .client)
        #expect(bench.door.openConnections == 0)
        #expect(bench.transport.written == "")
    }

    @Test func survivesATransportThatEndsInsideFlush() {
        let bench = ConnectionBench(Self.paths)
        bench.transport.whileFlushing = { [unowned bench] in
            bench.connection.received(ByteBuffer(string: Self.get))
            bench.connection.closed(nil)
        }
        bench.receive(Self.get)
        #expect(bench.connection.phase == .closed)
        #expect(bench.door.openConnections == 0)
    }

    @Test func keepsNothingAfterItIsClosed() {
        weak var connection: ServerConnection?
        do {
            let bench = ConnectionBench(Self.bodies)
            connection = bench.connection
            bench.receive(Self.post(10))
            bench.leave()
        }
        #expect(connection == nil)
    }

    @Test func drainingEndsIdleConnectionsAndKeepsNoOther() {
        let latch = PausedService()
        let busy = ConnectionBench { _, _, body, reply in await latch.answer(body, reply) }
        busy.receive(Self.post(2))
        busy.door.beginDraining()
        busy.connection.drain()
        #expect(busy.transport.others == [])
        latch.go()
        busy.receive("hi")
        #expect(busy.transport.written.contains("connection: close"))
        #expect(busy.transport.others == [.close])

        let idle = ConnectionBench(Self.paths)
        idle.connection.drain()
        #expect(idle.transport.others == [.close])
    }

    @Test func cuttingOffResetsAnAnswerInFlight() {
        let latch = PausedService()
        let bench = ConnectionBench { _, _, body, reply in await latch.answer(body, reply) }
        bench.receive(Self.post(2))
        bench.connection.cutOff()
        bench.loop.run()
        #expect(bench.transport.others == [.reset])
    }

    @Test func countsTheBodyForItsOwnExchangeOnly() {
        let counts = Observed<[Int]>([])
        let bench = ConnectionBench { worker, _, body, reply in
            var all = 0
            while let piece = try? await body.next() { all += piece.readableBytes }
            _ = reply.send(status: 200, body: ByteBuffer())
            counts.change { $0.append(body.received) }
        }
        bench.receive(Self.post(3))
        bench.receive("abc" + Self.post(5) + "1")
        bench.receive("2345")
        #expect(counts.value == [3, 5])
    }
}

/// A service that waits until it is told to go on, then counts the body.
private final class PausedService: @unchecked Sendable {
    // Used on the one thread of a test with an embedded loop.
    private var waiter: UnsafeContinuation<Void, Never>?
    private var isGoing = false
    private var isRefusing = false
    private let status: Int

    init(status: Int = 200) {
        self.status = status
    }

    func answer(_ body: RequestBody, _ reply: consuming Reply) async {
        await wait()
        var count = 0
        if !isRefusing {
            while let piece = try? await body.next() { count += piece.readableBytes }
        }
        _ = reply.send(status: status, body: ByteBuffer(string: "\(count)"))
    }

    private func wait() async {
        if !isGoing { await withUnsafeContinuation { waiter = $0 } }
    }

    func go() {
        isGoing = true
        waiter?.resume()
        waiter = nil
    }

    func refuse() {
        isRefusing = true
        go()
    }
}
