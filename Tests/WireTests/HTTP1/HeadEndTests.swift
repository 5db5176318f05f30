import Testing

@testable import OstiaryWire

@Suite struct HeadEndTests {
    @Test func findsTheEndHoweverTheBytesCome() throws {
        let bytes = Array("GET / HTTP/1.1\r\nHost: example\r\nX: 1\r\n\r\nrest\r\n\r\n".utf8)
        let expected = bytes.count - 8
        for step in 1...bytes.count {
            var reader = HeadEnd()
            var count = 0
            var found: Int?
            while found == nil, count < bytes.count {
                count = min(bytes.count, count + step)
                found = try reader.find(bytes.span.extracting(0..<count))
            }
            #expect(found == expected, "pieces of \(step)")
            #expect(reader.isFresh)
        }
    }

    @Test func knowsTheFirstLine() throws {
        var reader = HeadEnd()
        let bytes = Array("GET / HTTP/1.1\r\nHost".utf8)
        let found = try reader.find(bytes.span)
        #expect(found == nil)
        #expect(reader.firstLine == 16)
    }

    @Test(arguments: ["GET / HTTP/1.1\nHost: x\n\n", "\n", "a\r\n\nb", "a\r\nb\n"])
    func refusesALineFeedAlone(_ text: String) {
        let bytes = Array(text.utf8)
        for split in 0...bytes.count {
            var reader = HeadEnd()
            #expect(throws: HeadFault.malformed("")) {
                _ = try reader.find(bytes.span.extracting(0..<split))
                _ = try reader.find(bytes.span)
            }
        }
    }
}
