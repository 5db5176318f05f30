import NIOCore
import Testing

@testable import OstiaryWire

@Suite struct ArrivalsTests {
    // SEC-701
    @Test(arguments: [1, 7, 1000])
    func holdsNoMoreThanWaits(_ behind: Int) {
        var buffer = ByteBuffer(repeating: 0x61, count: behind)
        for _ in 0..<10_000 {
            buffer.takeIn(ByteBuffer(repeating: 0x62, count: 100))
            _ = buffer.readSlice(length: 100)
            #expect(buffer.readableBytes == behind)
        }
        #expect(buffer.capacity <= 4 * (behind + 100))
        #expect(Array(buffer.readableBytesView).allSatisfy { $0 == 0x62 })
    }

    @Test func keepsTheOrder() {
        var buffer = ByteBuffer(string: "ab")
        buffer.takeIn(ByteBuffer(string: "cd"))
        #expect(buffer.readString(length: 3) == "abc")
        buffer.takeIn(ByteBuffer(string: "ef"))
        #expect(buffer.readString(length: 3) == "def")
        buffer.takeIn(ByteBuffer(string: "g"))
        #expect(buffer.readString(length: 1) == "g")
    }
}
