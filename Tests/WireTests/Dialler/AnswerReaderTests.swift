import NIOCore
import Testing

@testable import OstiaryWire

/// An answer's bytes, read in pieces of every size.
@Suite struct AnswerReaderTests {
    private struct Read: Equatable {
        var status = 0
        var body = ""
        /// Bytes behind the answer; `nil` when the body has not ended.
        var leftOver: Int?
    }

    private static func read(_ text: String, by size: Int, toHEAD: Bool = false) throws -> Read {
        var heads = AnswerHeadReader(toHEAD: toHEAD)
        var body: AnswerBodyReader?
        var result = Read()
        var rest = ByteBuffer(string: text)
        while var piece = rest.readSlice(length: min(size, rest.readableBytes)), piece.readableBytes > 0 {
            if body == nil, let head = try heads.read(piece) {
                result.status = head.status
                body = AnswerBodyReader(head.framing)
                piece = heads.takeRest()
            } else if body == nil {
                continue
            }
            reading: while let step = try body?.next(&piece) {
                switch step {
                case .piece(let bytes):
                    #expect(bytes.readableBytes > 0)
                    result.body += String(buffer: bytes)
                case .more: break reading
                case .end(let leftOver):
                    result.leftOver = leftOver + rest.readableBytes
                    return result
                }
            }
        }
        return result
    }

    private static let sizes = [1, 2, 3, 7, 20, 64, 4096]

    @Test(arguments: sizes)
    func readsEveryFraming(by size: Int) throws {
        let ok = "HTTP/1.1 200 OK\r\n"
        #expect(
            try Self.read(ok + "content-length: 5\r\n\r\nhello", by: size)
                == Read(status: 200, body: "hello", leftOver: 0)
        )
        #expect(
            try Self.read(ok + "transfer-encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", by: size)
                == Read(status: 200, body: "hello", leftOver: 0)
        )
        #expect(try Self.read(ok + "\r\nhello", by: size) == Read(status: 200, body: "hello", leftOver: nil))
        #expect(try Self.read("HTTP/1.1 204 No\r\n\r\n", by: 4096) == Read(status: 204, body: "", leftOver: 0))
    }

    @Test(arguments: sizes)
    func countsWhatIsBehindTheBody(by size: Int) throws {
        let ok = "HTTP/1.1 200 OK\r\n"
        let extra = Read(status: 200, body: "hi", leftOver: 4)
        #expect(try Self.read(ok + "content-length: 2\r\n\r\nhievil", by: size) == extra)
        #expect(try Self.read(ok + "transfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\nevil", by: size) == extra)
    }

    @Test(arguments: sizes)
    func knowsABodyThatIsNotComplete(by size: Int) throws {
        let ok = "HTTP/1.1 200 OK\r\n"
        let half = Read(status: 200, body: "hel", leftOver: nil)
        #expect(try Self.read(ok + "content-length: 5\r\n\r\nhel", by: size) == half)
        #expect(try Self.read(ok + "transfer-encoding: chunked\r\n\r\n5\r\nhel", by: size) == half)
    }

    @Test(arguments: sizes)
    func skipsInterimHeadsUpToABound(by size: Int) throws {
        let interim = "HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n"
        let answer = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi"
        let many = String(repeating: interim, count: 32)
        #expect(try Self.read(many + answer, by: size) == Read(status: 200, body: "hi", leftOver: 0))
        #expect(throws: HeadFault.self) { try Self.read(many + interim + answer, by: size) }
        #expect(throws: HeadFault.self) { try Self.read("HTTP/1.1 101 Switching Protocols\r\n\r\n", by: size) }
    }

    @Test(arguments: sizes)
    func refusesMalformedChunksAndEndlessHeads(by size: Int) {
        let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
        #expect(throws: HeadFault.self) { try Self.read(chunked + "zz\r\n", by: size) }
        let endless = "HTTP/1.1 200 OK\r\nx: " + String(repeating: "x", count: 66_000)
        #expect(throws: HeadFault.self) { try Self.read(endless, by: max(size, 64)) }
    }

    @Test func readsNoBodyBehindAHEAD() throws {
        let text = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n"
        #expect(try Self.read(text, by: 4096, toHEAD: true) == Read(status: 200, body: "", leftOver: 0))
    }
}
