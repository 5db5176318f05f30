import OstiaryCore
import Testing

@testable import OstiaryWire

@Suite struct HuffmanCodeTests {
    private func decode(_ hex: String) -> String? {
        let input = Hex.decode(hex.utf8) ?? []
        var output = [UInt8](repeating: 0, count: HuffmanCode.bound(input.count))
        var span = output.mutableSpan
        guard let count = HuffmanCode.shared.decode(input.span, into: &span) else { return nil }
        return String(decoding: output[..<count], as: UTF8.self)
    }

    // RFC 7541 appendix C.4 and C.6
    @Test(arguments: [
        ("f1e3c2e5f23a6ba0ab90f4ff", "www.example.com"), ("a8eb10649cbf", "no-cache"),
        ("25a849e95ba97d7f", "custom-key"),
        ("25a849e95bb8e8b4bf", "custom-value"), ("6402", "302"), ("aec3771a4b", "private"),
        ("d07abe941054d444a8200595040b8166e082a62d1bff", "Mon, 21 Oct 2013 20:13:21 GMT"),
        ("9d29ad171863c78f0b97c8e9ae82ae43d3", "https://www.example.com"),
        (
            "94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007",
            "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1"
        ), ("", ""),
    ])
    func decodesTheExamples(_ hex: String, _ text: String) {
        #expect(decode(hex) == text)
    }

    @Test(arguments: [
        // Padding of a whole octet, padding with zeros, the end of string itself, and a code cut in two.
        "f1e3c2e5f23a6ba0ab90f4ffff", "00", "ffffffff", "fffffffc", "1fff",
    ])
    func refusesBrokenPadding(_ hex: String) {
        #expect(decode(hex) == nil)
    }
}
