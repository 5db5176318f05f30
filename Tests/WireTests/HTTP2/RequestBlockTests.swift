import NIOCore
import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryWire

/// What a request over HTTP/2 must look like.
@Suite struct RequestBlockTests {
    typealias Fields = [(String, String)]

    /// A case with a short name, whatever its size.
    struct Refused: Sendable, CustomTestStringConvertible {
        let status: String
        let fields: Fields

        init(_ status: String, _ fields: Fields) {
            self.status = status
            self.fields = fields
        }

        var testDescription: String { "\(status) \(fields.last.map { "\($0.0): \($0.1.prefix(20))" } ?? "")" }
    }

    private static func with(_ name: String, _ value: String) -> Fields { Frames.get() + [(name, value)] }

    private static func without(_ name: String) -> Fields { Frames.get().filter { $0.0 != name } }

    private static func but(_ name: String, _ value: String) -> Fields {
        Frames.get().map { $0.0 == name ? (name, value) : $0 }
    }

    private func answer(_ fields: Fields, isEnd: Bool = true) throws -> (status: String?, code: HTTP2Code?) {
        let bench = HTTP2Bench(ClosureService.paths)
        bench.send(1, fields, isEnd: isEnd)
        let frames = bench.frames()
        #expect(bench.goodbye == nil)
        return (try bench.status(frames.first), frames.first { $0.kind == FrameHead.Kind.resetStream }?.code)
    }

    private static let malformed: [Fields] = [
        without(":path"), without(":scheme"), without(":method"),
        with(":path", "/b"), with(":status", "200"), with(":protocol", "websocket"),
        [(":method", "GET"), ("x", "1"), (":scheme", "https"), (":path", "/"), (":authority", "x")],
        with("X-Big", "1"), with("", "1"), with("a b", "1"), with("a:b", "1"), with("a", "1\r\nb: 2"),
        with("a", "1\u{0}"), with("a", " 1"), with("a", "1\t"),
        with("connection", "keep-alive"), with("keep-alive", "1"), with("proxy-connection", "close"),
        with("transfer-encoding", "chunked"), with("upgrade", "h2c"), with("te", "gzip"),
        with("authorization", "Bearer a") + [("authorization", "Bearer b")],
        with("content-type", "a/b") + [("content-type", "a/b")],
        but(":method", "G ET"), but(":method", ""), but(":scheme", "ftp"), but(":path", ""),
        [(":method", "CONNECT"), (":authority", "x:443")],
    ]

    // RFC 9113 section 8
    @Test(arguments: malformed)
    func resetsWhatIsMalformed(_ fields: Fields) throws {
        let (status, code) = try answer(fields)
        #expect(status == nil)
        #expect(code == .protocolError)
    }

    private static let refused: [Refused] = [
        Refused("400", without(":authority")), Refused("400", but(":authority", "a b")),
        Refused("400", but(":authority", "user@x")),
        Refused("400", but(":authority", "")), Refused("400", with("host", "y")), Refused("400", but(":path", "*")),
        Refused("400", but(":path", "http://x/a")), Refused("400", but(":path", "/a/../b")),
        Refused("400", but(":path", "/a//b")),
        Refused("400", but(":path", "/a%2fb")), Refused("400", but(":path", "/a%zz")),
        Refused("400", but(":path", "/a#b")),
        Refused("400", with("content-length", "5")), Refused("400", with("content-length", "five")),
        Refused("417", with("expect", "much")),
        Refused("414", but(":path", "/" + String(repeating: "a", count: 9000))),
        Refused("431", with("x", String(repeating: "a", count: 33_000))),
        Refused("431", Frames.get() + (0..<100).map { ("x-\($0)", "1") }),
    ]

    // SEC-103, SEC-104, SEC-108: as over HTTP/1.1
    @Test(arguments: refused)
    func refusesWhatHTTP1Refuses(_ refused: Refused) throws {
        // Some of these are larger than a frame.
        let bench = HTTP2Bench(ClosureService.paths)
        let block = Frames.block(refused.fields)
        let first = block.prefix(16_000)
        let rest = Array(block.dropFirst(16_000))
        let isWhole = rest.isEmpty
        bench.send(
            Frames.frame(
                FrameHead.Kind.headers,
                flags: Frames.endStream | (isWhole ? Frames.endHeaders : 0),
                1,
                Array(first)
            )
        )
        for start in stride(from: 0, to: rest.count, by: 16_000) {
            let end = min(rest.count, start + 16_000)
            bench.send(
                Frames.frame(
                    FrameHead.Kind.continuation,
                    flags: end == rest.count ? Frames.endHeaders : 0,
                    1,
                    Array(rest[start..<end])
                )
            )
        }
        let frames = bench.frames()
        #expect(try bench.status(frames.first) == refused.status)
        #expect(frames.last?.isEnd == true)
        #expect(!frames.contains { $0.kind == FrameHead.Kind.resetStream })
        // The connection and its tables go on.
        bench.send(3, Frames.get("/next"))
        #expect(bench.frames().last?.text == "/next")
    }

    @Test func takesTheHostForTheAuthority() throws {
        let seen = Observed<[String]>([])
        let note: ClosureService.Answer = { _, head, _, reply in
            seen.change { $0.append(head.value(.host).map { String(decoding: $0, as: UTF8.self) } ?? "none") }
            _ = reply.send(status: 200, body: .init())
        }
        for fields in [
            Frames.get(), Frames.get() + [("host", "X")],
            [(":method", "GET"), (":scheme", "https"), (":path", "/"), ("host", "only:80")],
        ] {
            let bench = HTTP2Bench(note)
            bench.send(1, fields)
            #expect(try bench.status(bench.frames().first) == "200")
        }
        #expect(seen.value == ["x", "X", "only:80"])
    }

    @Test func readsMethodPathQueryAndFields() {
        let seen = Observed<[String]>([])
        let bench = HTTP2Bench { _, head, body, reply in
            let type = head.value(.contentType).map { String(decoding: $0, as: UTF8.self) } ?? ""
            let query = String(decoding: head.query, as: UTF8.self)
            seen.change { $0 = [head.method.rawValue, head.path, query, type, "\(body.declaredLength ?? -1)"] }
            _ = reply.send(status: 200, body: .init())
        }
        bench.send(
            Frames.headers(
                1,
                Frames.get("/%61/b?c=%20d", method: "POST") + [
                    ("content-type", "application/json"), ("te", "trailers"), ("content-length", "2"),
                ],
                isEnd: false
            ),
            Frames.data(1, "{}", isEnd: true)
        )
        #expect(seen.value == ["POST", "/a/b", "c=%20d", "application/json", "2"])
    }
}
