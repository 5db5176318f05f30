import NIOCore
import NIOHPACK
import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryWire

/// How requests leave over HTTP/2.
@Suite struct HTTP2ClientRequestTests {
    @Test func saysWhatTheHeadSays() throws {
        let bench = HTTP2ClientBench()
        let asked = bench.ask(body: "abc", fields: "x-api-key: secret\r\nContent-Type: application/json\r\n")
        #expect(asked != nil)
        let frames = bench.frames()
        #expect(frames.map(\.kind) == [FrameHead.Kind.headers, FrameHead.Kind.data])
        #expect(frames.map(\.stream) == [1, 1])
        #expect(frames.map(\.isEnd) == [false, true])
        #expect(frames.last?.text == "abc")
        let fields = try bench.fields(try #require(frames.first))
        #expect(
            fields.map { "\($0.name)=\($0.value)" } == [
                ":method=POST", ":scheme=https", ":authority=models.example", ":path=/v1/x", "content-length=3",
                "authorization=Bearer k", "x-api-key=secret", "content-type=application/json",
            ]
        )
        // The provider's key enters no table on its way (RFC 7541 section 7.1.3).
        let secret = fields.filter { $0.indexable == .neverIndexed }.map(\.name)
        #expect(secret == ["authorization", "x-api-key"])
    }

    @Test func aRequestWithoutBodyEndsWithItsHead() throws {
        let bench = HTTP2ClientBench()
        _ = bench.ask("GET", body: "")
        let frames = bench.frames()
        #expect(frames.map(\.kind) == [FrameHead.Kind.headers])
        #expect(frames.first?.isEnd == true)
        let fields = try bench.fields(try #require(frames.first))
        #expect(fields[":method"] == ["GET"])
        #expect(fields["content-length"] == [])
    }

    @Test func takesRequestsApart() throws {
        func parts(_ text: String) -> [String]? {
            let bytes = Array(text.utf8)
            guard let parts = RequestParts(bytes.span) else { return nil }
            return [parts.method, parts.path, parts.authority, parts.before, parts.after].map {
                String(decoding: bytes[$0], as: UTF8.self)
            }
        }
        #expect(
            parts("PUT /a?b=c HTTP/1.1\r\na: 1\r\nHOST:  h:1\r\nb: 2\r\n") == [
                "PUT", "/a?b=c", "h:1", "a: 1\r\n", "b: 2\r\n",
            ]
        )
        #expect(parts("GET / HTTP/1.1\r\nhost: h\r\n") == ["GET", "/", "h", "", ""])
        #expect(parts("GET / HTTP/1.1\r\nhosts: h\r\n") == nil)
        #expect(parts("GET / HTTP/1.1\r\n") == nil)
        #expect(parts("") == nil)
    }

    @Test func aBodyKeepsToTheWindows() throws {
        let bench = HTTP2ClientBench(settings: [(.initialWindowSize, 10)])
        _ = bench.ask(body: String(repeating: "x", count: 25))
        func sent() -> Int {
            bench.frames().filter { $0.kind == FrameHead.Kind.data }.map(\.payload.readableBytes).reduce(0, +)
        }
        #expect(sent() == 10)
        bench.send(Frames.window(1, 5))
        #expect(sent() == 5)
        // Another one is not held back by it.
        _ = bench.ask(body: "12345")
        #expect(sent() == 5)
        bench.send(Frames.window(1, 100))
        #expect(sent() == 10)
    }

    @Test func aProviderThatTakesNothingTimesOut() throws {
        let bench = HTTP2ClientBench(settings: [(.initialWindowSize, 10)], dial: { $0.headTime = 5 })
        let asked = try #require(bench.ask(body: String(repeating: "x", count: 25)))
        bench.pass(4)
        bench.send(Frames.window(1, 5))
        bench.pass(4)
        #expect(asked.said == "")
        bench.pass(2)
        #expect(asked.said == "\(GateError(.upstreamTimeout).code) head_timeout")
        #expect(bench.frames().last?.code == .cancel)
    }

    @Test func streamsABodyAsTheProviderTakesIt() async throws {
        let bench = HTTP2ClientBench()
        let source = Pieces([String(repeating: "a", count: 60_000), String(repeating: "b", count: 90_000), "c"])
        let asked = try #require(bench.ask(body: "", isWhole: false, rest: source))
        var count = 0
        var isEnded = false
        func look() {
            for frame in bench.frames() where frame.kind == FrameHead.Kind.data {
                count += frame.payload.readableBytes
                isEnded = isEnded || frame.isEnd
            }
        }
        look()
        #expect(count == 65_535)
        // The source waits while the stream has enough.
        #expect(source.taken.value == 2)
        bench.send(Frames.window(0, 1 << 20), Frames.window(1, 1 << 20))
        look()
        #expect(count == 150_001)
        #expect(isEnded)
        #expect(asked.exchange.isRequestSent)
    }

    @Test func takesAsManyRequestsAsTheProvider() {
        let bench = HTTP2ClientBench(settings: [(.maxConcurrentStreams, 2)])
        #expect(bench.ask() != nil)
        #expect(bench.ask() != nil)
        #expect(bench.ask() == nil)
        #expect(!bench.connection.hasRoom)
        bench.send(Frames.headers(1, [(":status", "200")]))
        #expect(bench.connection.hasRoom)
        bench.send(Frames.settings([(.maxConcurrentStreams, 1 << 20)]))
        for _ in 0..<300 { _ = bench.ask() }
        #expect(bench.connection.link.streams.count == HTTP2ClientConnection.streamBound)
    }
}

/// A body that comes piece by piece.
private final class Pieces: BodySource {
    private var pieces: [String]
    let taken = Observed(0)

    init(_ pieces: [String]) {
        self.pieces = pieces.reversed()
    }

    func next() async throws(GateError) -> ByteBuffer? {
        guard let piece = pieces.popLast() else { return nil }
        taken.change { $0 += 1 }
        return ByteBuffer(string: piece)
    }
}
