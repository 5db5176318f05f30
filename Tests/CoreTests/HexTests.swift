import OstiaryCore
import Testing

@Test func writesAndReadsHex() {
    #expect(Hex.encode([0x00, 0x1f, 0xff]) == "001fff")
    #expect(Hex.decode("001FfF".utf8) == [0x00, 0x1f, 0xff])
    #expect(Hex.decode("".utf8) == [])
}

@Test(arguments: ["0", "0g", "zz", " 00", "0x00", "００"]) func refusesWhatIsNotHex(_ text: String) {
    #expect(Hex.decode(text.utf8) == nil)
}

@Test func writesARequestID() {
    let id = RequestID(high: 0x0123_4567_89ab_cdef, low: 1)
    #expect(id.description == "req_0123456789abcdef0000000000000001")
    #expect(id.description.utf8.count == RequestID.length)
    var random = SystemRandomNumberGenerator()
    #expect(RequestID.random(using: &random) != RequestID.random(using: &random))
}
