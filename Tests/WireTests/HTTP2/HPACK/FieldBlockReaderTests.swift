import NIOCore
import NIOHPACK
import OstiaryCore
import Testing

@testable import OstiaryWire

@Suite struct FieldBlockReaderTests {
    private func fields(
        _ reader: inout FieldBlockReader,
        _ hex: String,
        limits: FieldBlock.Limits = FieldBlock.Limits()
    ) throws -> [String] {
        try reader.read(ByteBuffer(bytes: Hex.decode(hex.utf8) ?? []), limits: limits).listed
    }

    // RFC 7541 appendix C.3 and C.4: the table grows from request to request
    @Test(arguments: [
        [
            "828684410f7777772e6578616d706c652e636f6d", "828684be58086e6f2d6361636865",
            "828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565",
        ],
        [
            "828684418cf1e3c2e5f23a6ba0ab90f4ff", "828684be5886a8eb10649cbf",
            "828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf",
        ],
    ])
    func readsTheExampleRequests(_ blocks: [String]) throws {
        var reader = FieldBlockReader()
        #expect(
            try fields(&reader, blocks[0]) == [":method GET", ":scheme http", ":path /", ":authority www.example.com"]
        )
        #expect(
            try fields(&reader, blocks[1])
                == [":method GET", ":scheme http", ":path /", ":authority www.example.com", "cache-control: no-cache"]
        )
        #expect(
            try fields(&reader, blocks[2])
                == [
                    ":method GET", ":scheme https", ":path /index.html", ":authority www.example.com",
                    "custom-key: custom-value",
                ]
        )
    }

    @Test func agreesWithAnotherEncoder() throws {
        var random = SplitMix(state: 7)
        for useHuffman in [true, false] {
            var encoder = HPACKEncoder(allocator: ByteBufferAllocator(), useHuffmanEncoding: useHuffman)
            var reader = FieldBlockReader()
            for _ in 0..<300 {
                var headers = HPACKHeaders()
                var expected: [String] = []
                for _ in 0..<random.below(12) {
                    let name = "x-" + random.text(12, in: "abcdefghijklmnopqrstuvwxyz0123456789-_")
                    let value = "v" + random.text(60, in: String(decoding: UInt8(0x20)...0x7e, as: UTF8.self)) + "v"
                    let indexing: HPACKIndexing =
                        [.indexable, .nonIndexable, .neverIndexed][random.below(3)]
                    headers.add(name: name, value: value, indexing: indexing)
                    expected.append("\(name): \(value)")
                }
                var block = ByteBuffer()
                try encoder.encode(headers: headers, to: &block)
                #expect(try reader.read(block, limits: FieldBlock.Limits()).listed == expected)
            }
        }
    }

    @Test func isUnderstoodByAnotherDecoder() throws {
        var writer = ByteWriter()
        let long = String(repeating: "l", count: 5000)
        for status in [200, 204, 206, 304, 400, 401, 404, 429, 500, 503] { writer.writeFieldStatus(status) }
        let lines = """
            content-type: application/json\r
            X-Own:  spaced \r
            retry-after: 3\r
            x-empty:\r
            authorization: Bearer t\r
            x-long: \(long)\r

            """
        writer.writeFields(ofLines: Array(lines.utf8).span)
        writer.writeFieldLength(1234)
        var block = ByteBuffer(bytes: writer.bytes)
        var decoder = HPACKDecoder(allocator: ByteBufferAllocator())
        let headers = try decoder.decodeHeaders(from: &block)
        #expect(headers[":status"] == ["200", "204", "206", "304", "400", "401", "404", "429", "500", "503"])
        #expect(headers["content-type"] == ["application/json"])
        #expect(headers["x-own"] == ["spaced"])
        #expect(headers["x-empty"] == [""])
        #expect(headers["x-long"] == [long])
        #expect(headers["content-length"] == ["1234"])
        let secret = headers.first { $0.name == "authorization" }
        #expect(secret?.value == "Bearer t")
        #expect(secret?.indexable == .neverIndexed)
    }

    @Test(arguments: [
        // An index of nothing; one beyond both tables; a string and an integer without end; an integer too large; a
        // change of size behind a field, beyond the bound; broken Huffman code.
        "80", "be", "400a6375", "40", "ffffffffff7f", "1fffffffff7f", "8220", "3fe21f", "418100",
    ])
    func refusesWhatCannotBeDecoded(_ hex: String) {
        var reader = FieldBlockReader()
        #expect(throws: CompressionFault.self) { try fields(&reader, hex) }
    }

    @Test func forgetsTheOldestFieldForANewerOne() throws {
        var reader = FieldBlockReader()
        // A table of 80 bytes holds two of these fields of 36 (RFC 7541 section 4.1).
        #expect(try fields(&reader, "3f31" + "40026161026262" + "40026363026464") == ["aa: bb", "cc: dd"])
        #expect(try fields(&reader, "bebf") == ["cc: dd", "aa: bb"])
        #expect(try fields(&reader, "40026565026666") == ["ee: ff"])
        #expect(try fields(&reader, "bebf") == ["ee: ff", "cc: dd"])
        #expect(throws: CompressionFault.self) { try fields(&reader, "c0") }
    }

    @Test func emptiesTheTableForAFieldThatIsLargerThanIt() throws {
        var reader = FieldBlockReader()
        #expect(try fields(&reader, "3f31" + "40026161026262") == ["aa: bb"])
        let large = "40" + "02" + "6363" + "40" + String(repeating: "64", count: 64)
        #expect(try fields(&reader, large).count == 1)
        #expect(throws: CompressionFault.self) { try fields(&reader, "be") }
    }

    @Test func keepsTheTableInStepWhileFieldsAreTooMany() throws {
        var reader = FieldBlockReader()
        let limits = FieldBlock.Limits(bytes: 1000, fields: 2)
        let bytes = ByteBuffer(bytes: Hex.decode("828440026161026262".utf8) ?? [])
        let block = try reader.read(bytes, limits: limits)
        #expect(block.excess == .tooManyFields)
        // The field was dropped and is in the table all the same.
        #expect(try fields(&reader, "be", limits: limits) == ["aa: bb"])
    }

    // SEC-110
    @Test func keepsNothingOfABlockThatUnfoldsBeyondItsBound() throws {
        var reader = FieldBlockReader()
        let value = String(repeating: "64", count: 3000)
        // 3000 is 127 + 0xb9 + 0x16 << 7.
        _ = try fields(&reader, "40" + "016b" + "7fb916" + value)
        let bomb = ByteBuffer(bytes: [UInt8](repeating: 0xbe, count: 16_000))
        let block = try reader.read(bomb, limits: FieldBlock.Limits())
        #expect(block.excess != nil)
        #expect(block.bytes.storageCapacity <= 128 * 1024)
    }

    @Test func movesItsStorageWithoutLosingFields() throws {
        var encoder = HPACKEncoder(allocator: ByteBufferAllocator(), useHuffmanEncoding: false)
        var reader = FieldBlockReader()
        for round in 0..<200 {
            var headers = HPACKHeaders()
            headers.add(name: "x-round", value: "\(round)-" + String(repeating: "r", count: round * 7 % 900))
            headers.add(name: "x-same", value: "always")
            var block = ByteBuffer()
            try encoder.encode(headers: headers, to: &block)
            #expect(
                try reader.read(block, limits: FieldBlock.Limits()).listed == headers.map { "\($0.name): \($0.value)" }
            )
        }
    }
}

extension FieldBlock {
    /// All of it as text, for comparison.
    var listed: [String] {
        bytes.withReadableSpan { span in
            func text(_ range: Range<Int>) -> String {
                String(decoding: Array(copying: span.extracting(range)), as: UTF8.self)
            }
            let pseudo = [
                (":method", method), (":scheme", scheme), (":path", path), (":authority", authority),
                (":status", status),
            ]
            return pseudo.compactMap { name, range in range.map { "\(name) \(text($0))" } }
                + fields.lines.map { "\(text($0.nameRange)): \(text($0.value))" }
        }
    }
}

extension SplitMix {
    fileprivate mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }

    fileprivate mutating func text(_ most: Int, in letters: String) -> String {
        let letters = Array(letters)
        return String((0..<below(most)).map { _ in letters[below(letters.count)] })
    }
}
