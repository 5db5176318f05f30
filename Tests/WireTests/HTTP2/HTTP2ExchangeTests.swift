import NIOCore
import NIOEmbedded
import NIOHPACK
import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryWire

private typealias Kind = FrameHead.Kind

/// Requests and answers over HTTP/2.
@Suite struct HTTP2ExchangeTests {
    @Test func beginsWithItsSettingsAndTheWindowOfTheConnection() {
        let bench = HTTP2Bench(settings: nil, ClosureService.paths)
        let frames = bench.frames()
        #expect(frames.map(\.kind) == [Kind.settings, Kind.windowUpdate])
        // 3: at most 100 streams; 6: heads of at most 32 KiB.
        #expect(Array(frames[0].payload.readableBytesView) == [0, 3, 0, 0, 0, 100, 0, 6, 0, 0, 128, 0])
        #expect(frames[1].number == 1 << 20 - 65_535)
    }

    @Test func answersARequest() throws {
        let bench = HTTP2Bench(ClosureService.paths)
        bench.send(1, Frames.get())
        let frames = bench.frames()
        #expect(frames.map(\.kind) == [Kind.headers, Kind.data])
        #expect(frames.map(\.isEnd) == [false, true])
        let fields = try bench.fields(frames[0])
        #expect(fields.map { "\($0.name) \($0.value)" } == [":status 200", "content-length 2"])
        #expect(frames[1].text == "/a")
        #expect(bench.connection.link.streams.isEmpty)
        #expect(bench.door.requests.current == 1)
    }

    @Test func readsFramesFromSingleBytes() throws {
        let bench = HTTP2Bench(settings: nil, ClosureService.bodies)
        var bytes = Frames.preface
        for frame in [
            Frames.settings(), Frames.headers(1, Frames.get("/p", method: "POST"), isEnd: false), Frames.data(1, "hel"),
            Frames.frame(Kind.data, flags: FrameHead.Flag.padded, 1, [3, 0x6c, 0x6f, 0, 0, 0]),
            Frames.data(1, "", isEnd: true),
        ] { bytes.writeImmutableBuffer(frame) }
        _ = bench.frames()
        for octet in bytes.readableBytesView { bench.send(ByteBuffer(bytes: [octet])) }
        let frames = bench.frames()
        #expect(try bench.status(frames.first) == "200")
        #expect(frames.last?.text == "hello")
    }

    @Test func handsOverABodyTogetherWithItsHead() {
        let wasAtHand = Observed<[Bool]>([])
        let bench = HTTP2Bench { worker, head, body, reply in
            wasAtHand.change { $0.append(body.isComplete) }
            await ClosureService.bodies(worker, head, body, reply)
        }
        bench.send(
            Frames.headers(1, Frames.get("/p", method: "POST"), isEnd: false),
            Frames.data(1, "hel"),
            Frames.data(1, "lo", isEnd: true)
        )
        bench.send(Frames.headers(3, Frames.get("/p", method: "POST"), isEnd: false), Frames.data(3, "he"))
        #expect(wasAtHand.value == [true, false])
        bench.send(Frames.data(3, "y", isEnd: true))
        #expect(bench.frames().filter { $0.kind == Kind.data }.map(\.text) == ["hello", "hey"])
    }

    // SEC-110
    @Test func makesNothingOfARequestThatIsResetInTheSameBreath() {
        let served = Observed(0)
        let bench = HTTP2Bench { worker, head, body, reply in
            served.change { $0 += 1 }
            await ClosureService.bodies(worker, head, body, reply)
        }
        bench.send(Frames.headers(1, Frames.get("/p", method: "POST"), isEnd: false), Frames.reset(1))
        #expect(served.value == 0)
        #expect(bench.connection.link.streams.isEmpty)
        #expect(bench.connection.running == 0)
    }

    @Test func answersManyStreamsOfOneBatchInOneWrite() throws {
        let bench = HTTP2Bench(ClosureService.paths)
        let before = bench.transport.actions.count
        bench.send(
            Frames.headers(1, Frames.get("/a")),
            Frames.headers(3, Frames.get("/b")),
            Frames.headers(5, Frames.get("/c"))
        )
        #expect(bench.transport.actions.count == before + 2)
        #expect(bench.frames().filter { $0.kind == Kind.data }.map(\.text) == ["/a", "/b", "/c"])
    }

    @Test func answersHEADWithoutABody() throws {
        let bench = HTTP2Bench(ClosureService.paths)
        bench.send(1, Frames.get("/abc", method: "HEAD"))
        let frames = bench.frames()
        #expect(frames.count == 1)
        #expect(frames[0].isEnd)
        #expect(try bench.fields(frames[0])["content-length"] == ["4"])
    }

    @Test func readsABodyWithAndWithoutItsLength() throws {
        for length in [[("content-length", "5")], []] {
            let bench = HTTP2Bench(ClosureService.bodies)
            bench.send(1, Frames.get("/p", method: "POST") + length, isEnd: false)
            #expect(bench.frames() == [])
            bench.send(Frames.data(1, "he"))
            bench.send(Frames.data(1, "llo", isEnd: true))
            let frames = bench.frames()
            #expect(try bench.status(frames.first) == "200")
            #expect(frames.last?.text == "hello")
        }
    }

    @Test func dropsTrailersOfSoundForm() throws {
        let bench = HTTP2Bench(ClosureService.bodies)
        bench.send(1, Frames.get("/p", method: "POST"), isEnd: false)
        bench.send(Frames.data(1, "x"), Frames.headers(1, [("x-trailer", "1")]))
        #expect(bench.frames().last?.text == "x")
    }

    @Test(arguments: [[(":path", "/")], [("X", "1")], [("connection", "close")]])
    func refusesTrailersOfBrokenForm(_ fields: [(String, String)]) {
        let bench = HTTP2Bench(ClosureService.bodies)
        bench.send(1, Frames.get("/p", method: "POST"), isEnd: false)
        bench.send(Frames.data(1, "x"), Frames.headers(1, fields))
        #expect(bench.frames().map(\.code) == [.protocolError])
    }

    @Test func refusesASecondHead() {
        let bench = HTTP2Bench(ClosureService.bodies)
        bench.send(1, Frames.get("/p", method: "POST"), isEnd: false)
        bench.send(1, [("x", "1")], isEnd: false)
        #expect(bench.frames().map(\.code) == [.protocolError])
    }

    @Test(arguments: [("6", "hello"), ("4", "hello"), ("1", "")])
    func resetsABodyThatIsNotAsLongAsDeclared(_ length: String, _ body: String) {
        let bench = HTTP2Bench(ClosureService.bodies)
        bench.send(1, Frames.get("/p", method: "POST") + [("content-length", length)], isEnd: false)
        bench.send(Frames.data(1, body, isEnd: true))
        let frames = bench.frames()
        #expect(frames.map(\.kind) == [Kind.resetStream])
        #expect(frames.first?.code == .protocolError)
        #expect(bench.door.brokenHeads.current == 1)
    }

    @Test func tellsAClientThatWaitsToContinue() throws {
        let bench = HTTP2Bench(ClosureService.bodies)
        bench.send(1, Frames.get("/p", method: "POST") + [("expect", "100-continue")], isEnd: false)
        let interim = bench.frames()
        #expect(try bench.status(interim.first) == "100")
        #expect(interim.first?.isEnd == false)
        bench.send(Frames.data(1, "x", isEnd: true))
        #expect(try bench.status(bench.frames().first) == "200")
    }

    @Test func streamsAnAnswerPieceByPiece() throws {
        let bench = HTTP2Bench { _, _, _, reply in
            var stream = reply.stream(status: 200, fields: { $0.writeField("content-type", "text/event-stream") })
            for number in 0..<3 { try? await stream.write(ByteBuffer(string: "data: \(number)\n\n")) }
            _ = stream.finish()
        }
        bench.send(1, Frames.get())
        let frames = bench.frames()
        let head = try bench.fields(frames[0])
        #expect(head["content-type"] == ["text/event-stream"])
        #expect(head["content-length"] == [])
        #expect(frames.dropFirst().map(\.text) == ["data: 0\n\n", "data: 1\n\n", "data: 2\n\n", ""])
        #expect(frames.map(\.isEnd) == [false, false, false, false, true])
    }

    @Test func cutsAnAnswerByAResetBehindWhatWasSent() {
        let bench = HTTP2Bench { _, _, _, reply in
            var stream = reply.stream(status: 200)
            try? await stream.write(ByteBuffer(string: "half"))
            #expect(stream.cut(.upstream).cut == .upstream)
        }
        bench.send(1, Frames.get())
        let frames = bench.frames()
        #expect(frames.map(\.kind) == [Kind.headers, Kind.data, Kind.resetStream])
        #expect(frames.last?.code == .internalError)
        #expect(!frames.contains { $0.isEnd && $0.kind == Kind.data })
    }

    @Test func cutsAnAnswerThatIsShorterThanAnnounced() {
        let bench = HTTP2Bench { _, _, _, reply in
            _ = reply.breakOff(status: 200, body: ByteBuffer(string: "ab"), announcing: 5)
        }
        bench.send(1, Frames.get())
        #expect(bench.frames().last?.kind == Kind.resetStream)
    }

    @Test func answersForAServiceThatGivesNoAnswer() throws {
        let bench = HTTP2Bench { _, _, _, _ in }
        bench.send(1, Frames.get())
        #expect(try bench.status(bench.frames().first) == "500")
        #expect(bench.door.unanswered.current == 1)
    }

    @Test func endsTheConnectionBehindAnAnswerThatAsksForIt() {
        let bench = HTTP2Bench { _, _, _, reply in
            reply.endConnection()
            _ = reply.send(status: 400, body: ByteBuffer())
        }
        bench.send(1, Frames.get())
        #expect(bench.goodbye == .noError)
    }

    @Test func dividesAHeadThatIsLargerThanAFrame() throws {
        let long = String(repeating: "v", count: 9000)
        let bench = HTTP2Bench { _, _, _, reply in
            _ = reply.send(status: 200, body: ByteBuffer()) {
                for name in ["x-a", "x-b", "x-c", "x-d"] as [StaticString] { $0.writeField(name, text: long) }
            }
        }
        bench.send(1, Frames.get())
        let frames = bench.frames()
        #expect(frames.map(\.kind) == [Kind.headers, Kind.continuation, Kind.continuation])
        #expect(frames.map { $0.flags } == [Frames.endStream, 0, Frames.endHeaders])
        var block = ByteBuffer()
        for frame in frames { block.writeImmutableBuffer(frame.payload) }
        var decoder = HPACKDecoder(
            allocator: ByteBufferAllocator(),
            maxDynamicTableSize: 4096,
            maxHeaderListSize: 1 << 20
        )
        #expect(try decoder.decodeHeaders(from: &block)["x-d"] == [long])
    }

    @Test func tellsThatItUsesNoTableToAClientThatHasNone() {
        let bench = HTTP2Bench(settings: [(.headerTableSize, 0)], ClosureService.paths)
        bench.send(1, Frames.get())
        bench.send(3, Frames.get())
        let heads = bench.frames().filter { $0.kind == Kind.headers }
        #expect(heads.map { Array($0.payload.readableBytesView.prefix(2)) } == [[0x20, 0x88], [0x88, 0x0f]])
    }

    // SEC-109
    @Test func refusesABodyDeclaredTooLarge() throws {
        var limits = EdgeLimits()
        limits.body = 1000
        let bench = HTTP2Bench(limits: limits, ClosureService.bodies)
        bench.send(1, Frames.get("/p", method: "POST") + [("content-length", "100000")], isEnd: false)
        let frames = bench.frames()
        #expect(try bench.status(frames.first) == "413")
        #expect(frames.last?.kind == Kind.resetStream)
        #expect(frames.last?.code == .noError)
    }

    // SEC-109
    @Test func refusesABodyThatBecomesTooLarge() throws {
        var limits = EdgeLimits()
        limits.body = 10
        let bench = HTTP2Bench(limits: limits, ClosureService.bodies)
        bench.send(1, Frames.get("/p", method: "POST"), isEnd: false)
        bench.send(Frames.data(1, "0123456789"))
        #expect(bench.frames() == [])
        bench.send(Frames.data(1, "0"))
        #expect(try bench.status(bench.frames().first) == "413")
    }

    @Test func letsAShortBodyEndBehindAnEarlyAnswer() throws {
        let bench = HTTP2Bench(ClosureService.refusal)
        bench.send(1, Frames.get("/p", method: "POST") + [("content-length", "5")], isEnd: false)
        #expect(try bench.status(bench.frames().first) == "401")
        bench.send(Frames.data(1, "hello", isEnd: true))
        #expect(bench.frames() == [])
        #expect(bench.connection.link.streams.isEmpty)
    }

    @Test func stopsABodyThatDoesNotEndBehindAnEarlyAnswer() throws {
        let bench = HTTP2Bench(ClosureService.refusal)
        bench.send(1, Frames.get("/p", method: "POST"), isEnd: false)
        #expect(try bench.status(bench.frames().first) == "401")
        bench.pass(2.1)
        #expect(bench.frames().map(\.code) == [.noError])
        // What was on its way is no fault.
        bench.send(Frames.data(1, "late"))
        #expect(bench.frames() == [])
        #expect(bench.goodbye == nil)
    }
}
