import OstiaryCore
import Testing

@Suite struct ByteWriterTests {
    @Test(arguments: [0, 1, 9, 10, 15, 16, 255, 256, 65_535, 1_000_000, Int.max, -1, Int.min])
    func writesNumbers(_ number: Int) {
        var decimal = ByteWriter()
        decimal.writeDecimal(number)
        let digits = decimal.bytes
        #expect(String(decoding: digits, as: UTF8.self) == String(number))
        guard number >= 0 else { return }
        var hexadecimal = ByteWriter()
        hexadecimal.writeHexadecimal(number)
        let sixteens = hexadecimal.bytes
        #expect(String(decoding: sixteens, as: UTF8.self) == String(number, radix: 16))
    }

    @Test(arguments: [(0, 3, "000"), (7, 2, "07"), (1234, 2, "1234"), (1, 40, "00000000000000000001")])
    func padsNumbersWithZeros(_ number: UInt, _ width: Int, _ text: String) {
        var writer = ByteWriter()
        writer.writeDecimal(unsigned: number, width: width)
        let digits = writer.bytes
        #expect(String(decoding: digits, as: UTF8.self) == text)
    }

    @Test func growsAndKeepsWhatWasWritten() {
        var writer = ByteWriter(capacity: 1)
        var expected: [UInt8] = []
        for number in 0..<2_000 {
            let byte = UInt8(truncatingIfNeeded: number)
            switch number % 5 {
            case 0:
                writer.writeByte(byte)
                expected.append(byte)
            case 1:
                writer.writeStaticString("static")
                expected += Array("static".utf8)
            case 2:
                writer.writeString("ein Wort für \(number)")
                expected += Array("ein Wort für \(number)".utf8)
            case 3:
                writer.writeBytes((0..<byte).lazy.map { $0 })
                expected += Array(0..<byte)
            default:
                writer.writeSpan([byte, byte].span)
                expected += [byte, byte]
            }
        }
        expect(writer.bytes, expected)
        let count = writer.count
        #expect(count == expected.count)
        let lent = writer.withBytes { $0.count }
        #expect(lent == expected.count)
    }

    @Test func forgetsFromTheEndAndAltogether() {
        var writer = ByteWriter()
        writer.writeStaticString("abcdef")
        writer.truncate(to: 10)
        expect(writer.bytes, Array("abcdef".utf8))
        writer.truncate(to: 2)
        expect(writer.bytes, Array("ab".utf8))
        writer.truncate(to: -1)
        let isEmpty = writer.isEmpty
        #expect(isEmpty)
        writer.writeByte(1)
        writer.removeAll()
        expect(writer.bytes, [])
    }

    private func expect(_ bytes: [UInt8], _ expected: [UInt8]) {
        #expect(bytes == expected)
    }
}
