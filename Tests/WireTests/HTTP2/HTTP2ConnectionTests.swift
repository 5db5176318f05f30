import NIOCore
import NIOEmbedded
import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryWire

private typealias Kind = FrameHead.Kind

/// The life of a connection: what ends it, and how it says so.
@Suite struct HTTP2ConnectionTests {
    private static let faults: [(HTTP2Code, ByteBuffer)] = [
        (.frameSizeError, ByteBuffer(bytes: [0x00, 0x40, 0x01, 0x04, 0, 0, 0, 0, 0])),
        (.protocolError, Frames.data(0, "x")),
        (.protocolError, Frames.data(1, "x")),
        (.protocolError, Frames.headers(0, Frames.get())),
        (.protocolError, Frames.headers(2, Frames.get())),
        (.protocolError, Frames.reset(0)),
        (.protocolError, Frames.reset(1)),
        (.protocolError, Frames.window(1, 1)),
        (.protocolError, Frames.window(0, 0)),
        (.protocolError, Frames.frame(Kind.continuation, 1, [0x82])),
        (.protocolError, Frames.frame(Kind.pushPromise, 1, [0, 0, 0, 2])),
        (.protocolError, Frames.frame(Kind.priority, 0, [0, 0, 0, 0, 1])),
        (.protocolError, Frames.frame(Kind.ping, 1, [UInt8](repeating: 0, count: 8))),
        (.protocolError, Frames.frame(Kind.settings, 1)),
        (.protocolError, Frames.frame(Kind.goAway, 1, [UInt8](repeating: 0, count: 8))),
        (.protocolError, Frames.settings([(.enablePush, 2)])),
        (.protocolError, Frames.settings([(.maxFrameSize, 100)])),
        (.protocolError, Frames.settings([(.maxFrameSize, 1 << 24)])),
        (.flowControlError, Frames.settings([(.initialWindowSize, 1 << 31)])),
        (.frameSizeError, Frames.frame(Kind.ping, 0, [1])),
        (.frameSizeError, Frames.frame(Kind.settings, 0, [1])),
        (.frameSizeError, Frames.frame(Kind.settings, flags: 1, 0, [0, 1, 0, 0, 0, 0])),
        (.frameSizeError, Frames.frame(Kind.priority, 1, [1])),
        (.frameSizeError, Frames.frame(Kind.resetStream, 1, [1])),
        (.frameSizeError, Frames.frame(Kind.windowUpdate, 0, [1])),
        (.frameSizeError, Frames.frame(Kind.goAway, 0, [1])),
        (.frameSizeError, Frames.frame(Kind.headers, flags: FrameHead.Flag.padded, 1, [])),
        (.frameSizeError, Frames.frame(Kind.headers, flags: FrameHead.Flag.priority, 1, [0])),
        (.frameSizeError, Frames.frame(Kind.data, flags: FrameHead.Flag.padded, 1, [])),
        (.protocolError, Frames.frame(Kind.data, flags: FrameHead.Flag.padded, 1, [1])),
        (.protocolError, Frames.frame(Kind.headers, flags: FrameHead.Flag.padded, 1, [9, 0x82])),
        (.compressionError, Frames.frame(Kind.headers, flags: Frames.endHeaders, 1, [0x80])),
    ]

    // RFC 9113 sections 3.4, 5.1 and 6
    @Test(arguments: faults)
    func endsForAFaultOfTheClient(_ code: HTTP2Code, _ frame: ByteBuffer) {
        let bench = HTTP2Bench(ClosureService.paths)
        bench.send(frame)
        #expect(bench.goodbye == code)
        #expect(bench.transport.others == [.finishWriting])
        #expect(bench.door.http2.instrumentValue("gw_http2_faults_total") == 1)
        // Nothing behind it is heard.
        bench.send(Frames.headers(1, Frames.get()))
        #expect(!bench.frames().contains { $0.kind == Kind.headers })
    }

    @Test func wantsSettingsFirst() {
        for frame in [Frames.ping(), Frames.data(1, "x"), Frames.frame(Kind.settings, flags: 1)] {
            let bench = HTTP2Bench(settings: nil, ClosureService.paths)
            bench.send(Frames.preface, frame)
            #expect(bench.goodbye == .protocolError)
        }
    }

    // SEC-110
    @Test(arguments: ["GET / HTTP/1.1\r\nHost: x\r\n\r\n", "PRI * HTTP/1.1\r\n", "\u{16}\u{3}\u{1}"])
    func refusesEverythingButThePreface(_ text: String) {
        let bench = HTTP2Bench(settings: nil, ClosureService.paths)
        bench.send(ByteBuffer(string: text))
        #expect(bench.goodbye == .protocolError)
    }

    @Test func letsNothingInterruptAFieldBlock() {
        for frame in [Frames.ping(), Frames.data(1, "x"), Frames.headers(3, Frames.get())] {
            let bench = HTTP2Bench(ClosureService.paths)
            bench.send(Frames.frame(Kind.headers, 1, [0x82]))
            bench.send(frame)
            #expect(bench.goodbye == .protocolError)
        }
        let bench = HTTP2Bench(ClosureService.paths)
        bench.send(Frames.frame(Kind.headers, 1, [0x82]), Frames.frame(Kind.continuation, 3, []))
        #expect(bench.goodbye == .protocolError)
    }

    @Test func refusesFramesOfAStreamThatHasEnded() {
        let bench = HTTP2Bench(ClosureService.paths)
        bench.send(1, Frames.get())
        _ = bench.frames()
        bench.send(Frames.data(1, "x"))
        #expect(bench.frames().map(\.code) == [.streamClosed])
        bench.send(3, Frames.get())
        bench.send(3, Frames.get())
        #expect(bench.goodbye == .streamClosed)
    }

    @Test func refusesFramesBehindTheEndOfARequest() {
        let service = PausedService()
        for isData in [true, false] {
            let bench = HTTP2Bench(service.answer)
            bench.send(1, Frames.get())
            bench.send(isData ? Frames.data(1, "x") : Frames.headers(1, [("x", "1")]))
            if isData {
                #expect(bench.frames().map(\.code) == [.streamClosed])
            } else {
                #expect(bench.goodbye == .streamClosed)
            }
        }
        service.go()
    }

    @Test func answersPings() {
        let bench = HTTP2Bench(ClosureService.paths)
        bench.send(Frames.ping(77))
        let frames = bench.frames()
        #expect(frames.map(\.kind) == [Kind.ping])
        #expect(frames.first?.flags == FrameHead.Flag.acknowledge)
        #expect(frames.first?.payload.getInteger(at: 0, as: UInt64.self) == 77)
    }

    @Test func acknowledgesSettings() {
        let bench = HTTP2Bench(ClosureService.paths)
        let before = SeenFrame.all(in: bench.transport.sent).count
        bench.send(Frames.settings())
        let frames = SeenFrame.all(in: bench.transport.sent)
        #expect(frames.count == before + 1)
        #expect(frames.last?.kind == Kind.settings)
        #expect(frames.last?.flags == FrameHead.Flag.acknowledge)
    }

    @Test func ignoresWhatItDoesNotKnow() throws {
        let bench = HTTP2Bench(ClosureService.paths)
        bench.send(
            Frames.frame(0x42, flags: 0xff, 99, [1, 2, 3]),
            Frames.frame(Kind.settings, 0, [0xff, 0xff, 0, 0, 0, 1]),
            Frames.frame(Kind.priority, 7, [0, 0, 0, 9, 1]),
            Frames.headers(1, Frames.get())
        )
        #expect(bench.frames().last?.text == "/a")
    }

    // MARK: Cancelling

    @Test func tellsTheServiceThatAClientCancelled() {
        let seen = Observed<[String]>([])
        let bench = HTTP2Bench { _, _, body, reply in
            do throws(GateError) {
                while try await body.next() != nil {}
            } catch {
                seen.change { $0.append("\(error.code)") }
            }
            seen.change { $0.append("\(body.isWanted) \(reply.isWanted) \(Task.isCancelled)") }
            let delivery = reply.send(status: 200, body: ByteBuffer())
            seen.change { $0.append(delivery.cut?.rawValue ?? "none") }
        }
        bench.send(1, Frames.get("/p", method: "POST"), isEnd: false)
        bench.send(Frames.data(1, "x"))
        bench.send(Frames.reset(1))
        #expect(seen.value == ["clientGone", "false false true", "client"])
        #expect(bench.frames() == [])
        #expect(bench.door.http2.instrumentValue("gw_http2_streams") == 0)
    }

    @Test func cancelsAllStreamsWhenTheConnectionIsGone() {
        let seen = Observed<[String]>([])
        let bench = HTTP2Bench { _, head, body, reply in
            _ = try? await body.next()
            seen.change { $0.append("\(head.path) \(body.isWanted)") }
            _ = reply.send(status: 200, body: ByteBuffer())
        }
        for stream in [1, 3, 5] as [Int32] {
            bench.send(stream, Frames.get("/\(stream)", method: "POST"), isEnd: false)
        }
        bench.connection.closed(nil)
        bench.loop.run()
        #expect(seen.value.sorted() == ["/1 false", "/3 false", "/5 false"])
        #expect(bench.door.openConnections == 0)
        #expect(bench.door.http2.instrumentValue("gw_http2_connections") == 0)
        #expect(bench.door.http2.instrumentValue("gw_http2_streams") == 0)
        #expect(bench.door.unanswered.current == 0)
    }

    @Test func cutsEverythingSoThatNothingLooksComplete() {
        let cuts = Observed<[Entry.Cut?]>([])
        let bench = HTTP2Bench { _, _, body, reply in
            var stream = reply.stream(status: 200)
            try? await stream.write(ByteBuffer(string: "half"))
            _ = try? await body.next()
            let delivery = stream.finish()
            cuts.change { $0.append(delivery.cut) }
        }
        bench.send(1, Frames.get("/p", method: "POST"), isEnd: false)
        bench.connection.cutOff()
        bench.loop.run()
        #expect(bench.transport.others == [.reset])
        #expect(cuts.value == [.shutdown])
    }

    // MARK: Ending

    @Test func closesAnIdleConnection() {
        let bench = HTTP2Bench(ClosureService.paths)
        bench.send(1, Frames.get())
        bench.pass(30)
        // A client that keeps its connection alive without using it is idle too.
        bench.send(Frames.ping())
        _ = bench.frames()
        bench.pass(29)
        #expect(bench.frames() == [])
        bench.pass(2)
        let frames = bench.frames()
        #expect(frames.map(\.kind) == [Kind.goAway])
        #expect(frames.first?.number == 1)
        #expect(bench.goodbye == .noError)
        #expect(bench.transport.others == [.finishWriting])
        bench.pass(2.1)
        #expect(bench.door.openConnections == 0)
    }

    @Test func doesNotCallAConnectionIdleWhileItAnswers() {
        let service = PausedService()
        let bench = HTTP2Bench(service.answer)
        bench.send(1, Frames.get())
        bench.pass(1000)
        #expect(bench.frames() == [])
        service.go()
        bench.loop.run()
        #expect(bench.frames().last?.isEnd == true)
    }

    @Test func letsStreamsEndWhenItDrains() throws {
        let service = PausedService()
        let bench = HTTP2Bench { worker, head, body, reply in
            guard head.path == "/slow" else { return await ClosureService.paths(worker, head, body, reply) }
            await service.answer(worker, head, body, reply)
        }
        bench.send(1, Frames.get("/slow"))
        bench.connection.drain()
        let first = bench.frames()
        #expect(first.map(\.kind) == [Kind.goAway, Kind.ping])
        #expect(first.first?.number == 0x7fff_ffff)
        // Sent before the client could know.
        bench.send(3, Frames.get("/late"))
        #expect(bench.frames().last?.text == "/late")
        bench.send(Frames.ping(isAnswer: true))
        let second = bench.frames()
        #expect(second.map(\.kind) == [Kind.goAway])
        #expect(second.first?.number == 3)
        bench.send(5, Frames.get("/too-late"))
        #expect(bench.frames().map(\.code) == [.refusedStream])
        service.go()
        bench.loop.run()
        #expect(bench.frames().last?.isEnd == true)
        #expect(bench.transport.others == [.finishWriting])
    }

    @Test func waitsNoLongerThanAMomentForAClientToKnowThatItDrains() {
        let service = PausedService()
        let bench = HTTP2Bench(service.answer)
        bench.send(1, Frames.get())
        bench.connection.drain()
        _ = bench.frames()
        bench.pass(2.1)
        #expect(bench.frames().map(\.number) == [1])
        service.go()
        bench.loop.run()
        #expect(bench.transport.others == [.finishWriting])
    }

    @Test func endsAnIdleConnectionAtOnceWhenItDrains() {
        let bench = HTTP2Bench(ClosureService.paths)
        bench.connection.drain()
        #expect(bench.frames().map(\.kind) == [Kind.goAway])
        #expect(bench.transport.others == [.finishWriting])
    }

    @Test func endsAfterItsNumberOfRequests() throws {
        var limits = EdgeLimits()
        limits.requestsPerConnection = 2
        let bench = HTTP2Bench(limits: limits, ClosureService.paths)
        bench.send(1, Frames.get())
        #expect(bench.goodbye == nil)
        bench.send(3, Frames.get("/b"))
        let frames = bench.frames()
        #expect(frames.contains { $0.text == "/b" })
        #expect(bench.goodbye == .noError)
        #expect(bench.transport.others == [.finishWriting])
    }
}
