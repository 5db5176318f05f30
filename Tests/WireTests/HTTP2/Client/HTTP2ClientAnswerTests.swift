import NIOCore
import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryWire

/// How answers over HTTP/2 are read: as strictly as those over HTTP/1.1 (SEC-509).
@Suite struct HTTP2ClientAnswerTests {
    private static let malformed = "\(GateError(.upstreamProtocolError).code) malformed_answer"
    private static let malformedBody = "\(GateError(.upstreamProtocolError).code) malformed_body"

    @Test func readsAnAnswer() throws {
        let bench = HTTP2ClientBench()
        let asked = try #require(bench.ask())
        bench.send(Frames.headers(1, [(":status", "200"), ("content-type", "text/plain")], isEnd: false))
        #expect(asked.head?.status == 200)
        #expect(asked.head?.valueBytes(.contentType).map { String(buffer: $0) } == "text/plain")
        bench.send(Frames.data(1, "one "), Frames.data(1, "two"))
        #expect(asked.body == "one two")
        #expect(asked.flushes == 1)
        #expect(!asked.isEnded)
        bench.send(Frames.data(1, "", isEnd: true))
        #expect(asked.isEnded)
        #expect(bench.connection.link.streams.isEmpty)
        #expect(bench.connection.hasRoom)
    }

    @Test func anAnswerMayEndWithItsHead() throws {
        let bench = HTTP2ClientBench()
        let asked = try #require(bench.ask())
        bench.send(Frames.headers(1, [(":status", "204")]))
        #expect(asked.head?.status == 204)
        #expect(asked.isEnded)
    }

    @Test func skipsInterimAnswersAndDropsTrailers() throws {
        let bench = HTTP2ClientBench()
        let asked = try #require(bench.ask())
        bench.send(
            Frames.headers(1, [(":status", "103"), ("link", "x")], isEnd: false),
            Frames.headers(1, [(":status", "200"), ("content-length", "2")], isEnd: false),
            Frames.data(1, "ok"),
            Frames.headers(1, [("content-type", "text/html")])
        )
        #expect(asked.head?.status == 200)
        #expect(asked.head?.fields.has(.contentType) == false)
        #expect(asked.body == "ok")
        #expect(asked.isEnded)
    }

    // SEC-509
    @Test(arguments: [
        [("content-type", "text/plain")],
        [(":status", "20")],
        [(":status", "2000")],
        [(":status", "099")],
        [(":status", "600")],
        [(":status", "2x0")],
        [(":status", "101")],
        [(":status", "200"), (":status", "200")],
        [(":status", "200"), (":path", "/")],
        [(":status", "200"), (":method", "GET")],
        [(":status", "200"), (":unknown", "1")],
        [("content-type", "text/plain"), (":status", "200")],
        [(":status", "200"), ("transfer-encoding", "chunked")],
        [(":status", "200"), ("connection", "close")],
        [(":status", "200"), ("keep-alive", "x")],
        [(":status", "200"), ("proxy-connection", "x")],
        [(":status", "200"), ("upgrade", "x")],
        [(":status", "200"), ("Content-Type", "text/plain")],
        [(":status", "200"), ("x", "a\r\nb: c")],
        [(":status", "200"), ("x", "a\0")],
        [(":status", "200"), ("x", " a")],
        [(":status", "200"), ("content-length", "1, 1")],
        [(":status", "200"), ("content-length", "-1")],
        [(":status", "200"), ("content-length", "1"), ("content-length", "1")],
        [(":status", "200"), ("content-type", "a"), ("content-type", "b")],
    ])
    func refusesMalformedHeads(_ fields: [(String, String)]) throws {
        let bench = HTTP2ClientBench()
        let asked = try #require(bench.ask())
        let other = try #require(bench.ask())
        _ = bench.frames()
        bench.send(Frames.headers(1, fields, isEnd: false))
        #expect(asked.said == Self.malformed)
        let frames = bench.frames()
        #expect(frames.map(\.kind) == [FrameHead.Kind.resetStream])
        #expect(frames.first?.code == .protocolError)
        // The others on the connection are not concerned.
        bench.send(Frames.headers(3, [(":status", "200")]))
        #expect(other.isEnded)
    }

    @Test func refusesBodiesThatAreNotWhatWasAnnounced() throws {
        let scripts: [[ByteBuffer]] = [
            [Frames.data(1, "abc")],
            [Frames.data(1, "a", isEnd: true)],
            [Frames.data(1, "a"), Frames.headers(1, [("x", "y")])],
            [Frames.data(1, "ab"), Frames.headers(1, [(":status", "200")])],
            [Frames.data(1, "ab"), Frames.headers(1, [("x", "y")], isEnd: false)],
            [Frames.data(1, "ab"), Frames.headers(1, [("connection", "y")])],
        ]
        for script in scripts {
            let bench = HTTP2ClientBench()
            let asked = try #require(bench.ask())
            _ = bench.frames()
            bench.send(Frames.headers(1, [(":status", "200"), ("content-length", "2")], isEnd: false))
            for frame in script { bench.send(frame) }
            #expect(asked.said == Self.malformedBody)
            #expect(!asked.isEnded)
            #expect(asked.body.utf8.count <= 2)
            #expect(bench.frames().last?.code == .protocolError)
        }
    }

    @Test func refusesAnEndBeforeTheAnnouncedBody() throws {
        let bench = HTTP2ClientBench()
        let asked = try #require(bench.ask())
        bench.send(Frames.headers(1, [(":status", "200"), ("content-length", "2")]))
        #expect(asked.said == Self.malformed)
    }

    @Test func answersWithoutBodyHaveNone() throws {
        for (method, status) in [("HEAD", "200"), ("GET", "204"), ("GET", "304")] {
            let bench = HTTP2ClientBench()
            let asked = try #require(bench.ask(method, body: ""))
            bench.send(Frames.headers(1, [(":status", status), ("content-length", "5")], isEnd: false))
            bench.send(Frames.data(1, "", isEnd: true))
            #expect(asked.isEnded)
            let other = try #require(bench.ask(method, body: ""))
            bench.send(Frames.headers(3, [(":status", status)], isEnd: false), Frames.data(3, "x"))
            #expect(other.said == Self.malformedBody)
        }
    }

    @Test func aBodyBeforeItsHeadIsNone() throws {
        let bench = HTTP2ClientBench()
        let asked = try #require(bench.ask())
        bench.send(Frames.data(1, "x"))
        #expect(asked.said == Self.malformed)
    }

    @Test func aHeadWithoutEndIsRefused() throws {
        let bench = HTTP2ClientBench()
        let asked = try #require(bench.ask())
        for _ in 0..<33 { bench.send(Frames.headers(1, [(":status", "100")], isEnd: false)) }
        #expect(asked.said == Self.malformed)
        let other = try #require(bench.ask())
        bench.send(
            Frames.headers(3, [(":status", "200")] + (0..<201).map { ("x-\($0)", "y") }, isEnd: false)
        )
        #expect(other.said == Self.malformed)
    }

    /// A provider that has said all before it has heard all.
    @Test func anAnswerBeforeTheRequestsEndCountsAndEndsIt() throws {
        let bench = HTTP2ClientBench(settings: [(.initialWindowSize, 1)])
        let asked = try #require(bench.ask())
        _ = bench.frames()
        bench.send(Frames.headers(1, [(":status", "413")]))
        #expect(asked.head?.status == 413)
        #expect(asked.isEnded)
        #expect(bench.frames().last?.code == .cancel)
        #expect(bench.connection.link.streams.isEmpty)
    }
}
