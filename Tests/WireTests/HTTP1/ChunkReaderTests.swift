import Testing

@testable import OstiaryWire

@Suite struct ChunkReaderTests {
    /// Feeds `text` in two pieces; the body, and the bytes behind it.
    private static func read(_ text: String, split: Int) throws -> (body: String, rest: Int?) {
        let bytes = Array(text.utf8)
        var reader = ChunkReader()
        var body: [UInt8] = []
        for piece in [bytes[..<split], bytes[split...]] {
            let piece = Array(piece)
            var index = 0
            feeding: while true {
                switch try reader.next(piece.span, &index) {
                case .data(let range): body += piece[range]
                case .more: break feeding
                case .end(let end):
                    return (
                        String(decoding: body, as: UTF8.self),
                        piece.count - end + (piece.count < bytes.count - split ? bytes.count - split : 0)
                    )
                }
            }
        }
        return (String(decoding: body, as: UTF8.self), nil)
    }

    @Test(arguments: [
        ("5\r\nhello\r\n0\r\n\r\n", "hello"), ("0\r\n\r\n", ""), ("1\r\na\r\n1\r\nb\r\n000\r\n\r\n", "ab"),
        ("5;name=value;q=\"a;b\"\r\nhello\r\n0;x\r\n\r\n", "hello"), ("A\r\n0123456789\r\n0\r\n\r\n", "0123456789"),
        ("5\r\nhello\r\n0\r\nTrailer: value\r\nother:\r\n\r\n", "hello"),
        ("000000000000005\r\nhello\r\n0\r\n\r\n", "hello"),
    ])
    func readsABodyAtEverySplit(_ text: String, _ body: String) throws {
        for split in 0...text.utf8.count {
            let read = try Self.read(text, split: split)
            #expect(read.body == body)
            #expect(read.rest != nil, "complete at split \(split)")
        }
    }

    @Test func leavesWhatIsBehindTheBody() throws {
        let bytes = Array("1\r\na\r\n0\r\n\r\nGET /".utf8)
        var reader = ChunkReader()
        var index = 0
        let data = try reader.next(bytes.span, &index)
        #expect(data == .data(3..<4))
        let end = try reader.next(bytes.span, &index)
        #expect(end == .end(11))
        #expect(reader.isComplete)
        let again = try reader.next(bytes.span, &index)
        #expect(again == .end(11))
    }

    // SEC-101
    @Test(arguments: [
        "-1\r\n", "0x5\r\nhello\r\n", "\r\nhello", "5 \r\nhello\r\n", "5\t\r\nhello", "g\r\n", "5\nhello",
        "5\r\nhello\n",
        "5\r\nhelloX\r\n", "5\r\nhello\rX", "5;\u{0}\r\nhello", "5;a\nb\r\nhello", "00000000000000005\r\n",
        "ffffffffffffffff\r\n", "0\r\nno colon\r\n\r\n", "0\r\n folded: 1\r\n\r\n", "0\r\nname : 1\r\n\r\n",
        "0\r\na: b\u{0}\r\n\r\n", "0\r\na: b\n\r\n", "0\r\n\n", "0\n\r\n", "+5\r\nhello\r\n", "5\rX",
    ])
    func refusesOtherSyntaxAtEverySplit(_ text: String) {
        for split in 0...text.utf8.count {
            #expect(throws: HeadFault.self, "split \(split)") { _ = try Self.read(text, split: split) }
        }
    }

    // SEC-109
    @Test func boundsExtensionsAndTrailersInAll() {
        let extensions = String(repeating: "1;" + String(repeating: "x", count: 200) + "\r\na\r\n", count: 6)
        #expect(throws: HeadFault.extensionsTooLarge) { _ = try Self.read(extensions, split: 0) }
        let trailers = "0\r\n" + String(repeating: "a: b\r\n", count: 2000)
        #expect(throws: HeadFault.trailersTooLarge) { _ = try Self.read(trailers, split: 0) }
    }
}
