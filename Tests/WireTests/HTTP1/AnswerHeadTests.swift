import NIOCore
import OstiaryCore
import Testing

@testable import OstiaryWire

@Suite struct AnswerHeadTests {
    private static func head(_ text: String, toHEAD: Bool = false) throws(HeadFault) -> AnswerHead {
        try AnswerHead(ByteBuffer(string: text), toHEAD: toHEAD)
    }

    @Test(arguments: [
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", BodyFraming.length(5), true),
        ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", .none, true),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n", .chunked, true),
        ("HTTP/1.1 200 OK\r\n\r\n", .untilClose, false), ("HTTP/1.1 204 \r\nContent-Length: 5\r\n\r\n", .none, true),
        ("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", .none, true),
        ("HTTP/1.1 200\r\nContent-Length: 5\r\n\r\n", .length(5), true),
        ("HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n", .length(5), false),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: x, Close\r\n\r\n", .length(5), false),
        ("HTTP/1.1 100 Continue\r\n\r\n", .none, true),
    ])
    func readsFramingAndConnection(_ text: String, _ framing: BodyFraming, _ keeps: Bool) throws {
        let head = try Self.head(text)
        #expect(head.framing == framing)
        #expect(head.keepsConnection == keeps)
    }

    @Test func knowsThatHEADHasNoBody() throws {
        let head = try Self.head("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", toHEAD: true)
        #expect(head.framing == .none)
    }

    @Test(arguments: [
        "HTTP/1.1 2000 OK\r\n\r\n", "HTTP/1.1 000 OK\r\n\r\n", "HTTP/1.1 600 OK\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n",
        "HTTP/2 200 OK\r\n\r\n", "HTTP/1.1  200 OK\r\n\r\n", "ICY 200 OK\r\n\r\n\r\n", "\r\n\r\n",
        "HTTP/1.1 200 O\u{0}K\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n",
        "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.1 204 OK\r\nContent-Length: x\r\n\r\n",
    ])
    func refusesWhatCanBeReadInTwoWays(_ text: String) {
        #expect(throws: HeadFault.self) { _ = try Self.head(text) }
    }

    @Test func copiesOnlyFieldsThatHaveANameForTheClient() throws {
        let head = try Self.head(
            "HTTP/1.1 200 OK\r\nContent-Type: a\r\nSet-Cookie: b\r\nX-Request-ID:  c \r\nServer: d\r\n\r\n"
        )
        var out = ByteWriter()
        head.copyFields(to: &out) { name in
            switch name {
            case .contentType: "content-type"
            case .requestID: "x-upstream-request-id"
            default: nil
            }
        }
        let written = out.bytes
        #expect(String(decoding: written, as: UTF8.self) == "content-type: a\r\nx-upstream-request-id: c\r\n")
    }
}
