import NIOCore
import NIOEmbedded
import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryWire

private typealias Kind = FrameHead.Kind

/// Clients that send what costs the gate and asks for nothing.
@Suite struct HTTP2FloodTests {
    /// Frames that carry nothing, each with a stream to send it on.
    static let empty: [ByteBuffer] = [
        Frames.ping(), Frames.ping(isAnswer: true), Frames.settings(), Frames.settings([(.initialWindowSize, 70_000)]),
        Frames.frame(Kind.settings, flags: FrameHead.Flag.acknowledge),
        Frames.frame(Kind.priority, 5, [0, 0, 0, 0, 1]), Frames.frame(0xfa, 1, [1, 2, 3]), Frames.frame(0xfb),
        Frames.window(0, 1), Frames.window(1, 1), Frames.data(1, ""),
        Frames.frame(Kind.data, flags: FrameHead.Flag.padded, 1, [3, 0, 0, 0]), Frames.reset(3),
        Frames.frame(Kind.goAway, 0, [UInt8](repeating: 0, count: 8)),
    ]

    // SEC-110
    @Test(arguments: empty) func endsAConnectionThatSendsTooMuchOfNothing(_ frame: ByteBuffer) {
        let service = PausedService()
        let bench = HTTP2Bench(service.answer)
        bench.send(1, Frames.get("/p", method: "POST"), isEnd: false)
        bench.send(3, Frames.get())
        bench.send(Frames.reset(3))
        let before = bench.transport.sent.readableBytes
        var sent = 0
        while bench.goodbye == nil, sent < 2000 {
            bench.send(frame)
            sent += 1
        }
        #expect(bench.goodbye == .enhanceYourCalm)
        #expect((900...1001).contains(sent))
        #expect(bench.door.http2.instrumentValue("gw_http2_floods_total") == 1)
        #expect(bench.transport.others.contains(.finishWriting))
        // What it made the gate send is bounded as well.
        #expect(bench.transport.sent.readableBytes - before < 40_000)
        bench.send(frame)
        bench.pass(2.1)
        #expect(bench.transport.others.last == .close)
        service.go()
    }

    // SEC-110
    @Test(arguments: empty) func bearsALittleOfNothing(_ frame: ByteBuffer) throws {
        let bench = HTTP2Bench(ClosureService.bodies)
        bench.send(1, Frames.get("/p", method: "POST"), isEnd: false)
        bench.send(3, Frames.get("/p", method: "POST"), isEnd: false)
        bench.send(Frames.reset(3))
        for _ in 0..<50 {
            for _ in 0..<10 { bench.send(frame) }
            bench.pass(1)
            bench.send(Frames.data(1, String(repeating: "a", count: 1100)))
        }
        bench.send(Frames.data(1, "a", isEnd: true))
        #expect(bench.goodbye == nil)
        #expect(bench.connection.link.streams.isEmpty)
    }

    // SEC-110: CVE-2023-44487
    @Test func endsAConnectionThatOpensStreamsToResetThem() {
        let made = Observed(0)
        let bench = HTTP2Bench { _, _, body, reply in
            made.change { $0 += 1 }
            _ = try? await body.next()
            _ = reply.send(status: 200, body: ByteBuffer())
        }
        var stream: Int32 = 1
        while bench.goodbye == nil, stream < 1000 {
            bench.send(stream, Frames.get("/p", method: "POST"), isEnd: false)
            bench.send(Frames.reset(stream))
            stream += 2
        }
        #expect(bench.goodbye == .enhanceYourCalm)
        #expect((100...102).contains(made.value))
    }

    // SEC-110: CVE-2023-44487
    @Test func endsAConnectionThatOpensAndResetsStreamsInOneBreath() {
        let bench = HTTP2Bench(ClosureService.bodies)
        var stream: Int32 = 1
        while bench.goodbye == nil, stream < 1000 {
            bench.send(Frames.headers(stream, Frames.get("/p", method: "POST"), isEnd: false), Frames.reset(stream))
            stream += 2
        }
        #expect(bench.goodbye == .enhanceYourCalm)
        #expect((201...205).contains(stream))
    }

    // SEC-110: CVE-2025-8671
    @Test(arguments: [Frames.window(0, 0), Frames.data(0, "x")])
    func endsAConnectionThatHasItsStreamsReset(_ template: ByteBuffer) {
        let made = Observed(0)
        let bench = HTTP2Bench { _, _, body, reply in
            made.change { $0 += 1 }
            _ = try? await body.next()
            _ = reply.send(status: 200, body: ByteBuffer())
        }
        var stream: Int32 = 1
        while bench.goodbye == nil, stream < 1000 {
            bench.send(stream, Frames.get("/p", method: "POST") + [("content-length", "1")], isEnd: false)
            var frame = template
            frame.setInteger(stream, at: 5)
            bench.send(frame, template.getInteger(at: 3, as: UInt8.self) == 0 ? frame : Frames.window(0, 1))
            stream += 2
        }
        #expect(bench.goodbye == .enhanceYourCalm)
        #expect(made.value <= 102)
    }

    // SEC-110
    @Test func endsAConnectionWhoseStreamsAreMalformedAgainAndAgain() {
        let bench = HTTP2Bench(ClosureService.paths)
        var stream: Int32 = 1
        while bench.goodbye == nil, stream < 1000 {
            bench.send(stream, [(":path", "/")])
            stream += 2
        }
        #expect(bench.goodbye == .enhanceYourCalm)
    }

    // SEC-110
    @Test func forgivesAFewResetsAmongManyAnswers() {
        let service = PausedService()
        let bench = HTTP2Bench { worker, head, body, reply in
            guard head.path == "/slow" else { return await ClosureService.paths(worker, head, body, reply) }
            await service.answer(worker, head, body, reply)
        }
        var stream: Int32 = 1
        for _ in 0..<300 {
            for _ in 0..<4 {
                bench.send(stream, Frames.get())
                stream += 2
            }
            bench.send(stream, Frames.get("/slow"))
            bench.send(Frames.reset(stream))
            stream += 2
            service.go()
        }
        #expect(bench.goodbye == nil)
    }

    // SEC-110
    @Test func refusesStreamsBeyondTheirNumber() throws {
        let service = PausedService()
        let bench = HTTP2Bench(service.answer)
        for number in 0..<101 { bench.send(Int32(number * 2 + 1), Frames.get()) }
        let frames = bench.frames()
        #expect(frames.map(\.stream) == [201])
        #expect(frames.map(\.code) == [.refusedStream])
        #expect(bench.connection.link.streams.count == 100)
        service.go()
    }

    // SEC-110: a service that is still busy with a stream that was reset counts
    @Test func refusesStreamsWhileThoseThatWereResetAreStillServed() {
        let service = PausedService()
        let bench = HTTP2Bench(service.answer)
        for number in 0..<60 { bench.send(Int32(number * 2 + 1), Frames.get()) }
        for number in 0..<60 { bench.send(Frames.reset(Int32(number * 2 + 1))) }
        for number in 60..<101 { bench.send(Int32(number * 2 + 1), Frames.get()) }
        #expect(bench.frames().map(\.code) == [.refusedStream])
        #expect(bench.connection.link.streams.count == 40)
        service.go()
    }

    // SEC-110: CVE-2024-27316 and its kind
    @Test func endsAConnectionWhoseFieldBlockDoesNotEnd() {
        for payload in [[], [UInt8](repeating: 0x82, count: 16_000)] {
            let bench = HTTP2Bench(ClosureService.paths)
            bench.send(Frames.frame(Kind.headers, 1, [0x82]))
            var sent = 0
            while bench.goodbye == nil, sent < 100 {
                bench.send(Frames.frame(Kind.continuation, 1, payload))
                sent += 1
            }
            #expect(bench.goodbye == .enhanceYourCalm)
            #expect(sent <= 8)
        }
    }

    // SEC-109
    @Test func endsAConnectionWhoseFieldBlockTakesTooLong() {
        let bench = HTTP2Bench(ClosureService.paths)
        bench.send(Frames.frame(Kind.headers, 1, [0x82]))
        bench.pass(6)
        bench.send(Frames.frame(Kind.continuation, 1, []))
        bench.pass(6)
        #expect(bench.goodbye == .noError)
        #expect(bench.transport.others == [.finishWriting])
    }

    // SEC-109
    @Test func endsAConnectionWhoseFrameTakesTooLong() {
        let bench = HTTP2Bench(ClosureService.paths)
        bench.send(ByteBuffer(bytes: [0, 0, 8, 6]))
        bench.pass(11)
        #expect(bench.goodbye == .noError)
    }

    // SEC-109
    @Test func endsAConnectionWithoutAPreface() {
        for bytes in [ByteBuffer(), Frames.preface] {
            let bench = HTTP2Bench(settings: nil, ClosureService.paths)
            bench.send(bytes)
            bench.pass(9)
            #expect(bench.goodbye == nil)
            bench.pass(2)
            #expect(bench.goodbye == .noError)
            bench.pass(2.1)
            #expect(bench.door.openConnections == 0)
        }
    }

    // SEC-109
    @Test func answers408ToABodyThatDoesNotCome() throws {
        let bench = HTTP2Bench(ClosureService.bodies)
        bench.send(1, Frames.get("/p", method: "POST"), isEnd: false)
        bench.pass(9)
        #expect(bench.frames() == [])
        bench.pass(2)
        let frames = bench.frames()
        #expect(try bench.status(frames.first) == "408")
        #expect(frames.last?.text == "body_timeout")
    }

    // SEC-109
    @Test func answers408ToABodyThatDrips() throws {
        let bench = HTTP2Bench(ClosureService.bodies)
        bench.send(1, Frames.get("/p", method: "POST"), isEnd: false)
        var status: String?
        var seconds = 0
        while status == nil, seconds < 100 {
            bench.pass(2)
            seconds += 2
            bench.send(Frames.data(1, "a"))
            status = try bench.status(bench.frames().first)
        }
        #expect(status == "408")
        #expect(seconds <= 14)
    }

    @Test func doesNotBlameAClientForItsOwnSlowness() throws {
        let service = PausedService()
        let bench = HTTP2Bench(service.answer)
        bench.send(1, Frames.get("/p", method: "POST"), isEnd: false)
        for _ in 0..<3 { bench.send(Frames.data(1, String(repeating: "a", count: 16_000))) }
        bench.pass(300)
        #expect(bench.frames() == [])
        service.go()
        bench.send(Frames.data(1, "", isEnd: true))
        #expect(bench.frames().last?.text == "48000")
    }
}

extension HTTP2Figures {
    func instrumentValue(_ name: String) -> Double? {
        instruments(of: .clients).first { $0.name == name }?.read()
    }
}
