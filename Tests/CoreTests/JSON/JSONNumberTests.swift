import OstiaryCore
import Testing

@Suite struct JSONNumberTests {
    @Test(arguments: [
        ("0", 0), ("-0", 0), ("12", 12), ("1.2e1", 12), ("1.80000060e9", 1_800_000_600), ("-5", -5), ("100e-2", 1),
        ("0e999999999999999999999", 0), ("9223372036854775807", Int.max), ("-9223372036854775808", Int.min),
        ("9223372036854775807.000", Int.max), ("0.0001E4", 1),
    ])
    func givesWholeNumbersExactly(text: String, value: Int) {
        #expect(JSONNumber(text: text).int == value)
    }

    @Test(arguments: [
        "0.5", "1e-1", "9223372036854775808", "-9223372036854775809", "1e300", "1e19", "1e99999999999999999999",
        "1e-99999999999999999999", "", "x", "1.2.3", String(repeating: "0", count: 2000),
    ])
    func refusesFractionsAndWhatDoesNotFit(text: String) {
        #expect(JSONNumber(text: text).int == nil)
    }

    @Test func givesFiniteDoubles() {
        #expect(JSONNumber(text: "1.5").double == 1.5)
        #expect(JSONNumber(text: "1e300").double == 1e300)
        #expect(JSONNumber(text: "1e400").double == nil)
        #expect(JSONNumber(text: "-1e400").double == nil)
        #expect(JSONNumber(text: String(repeating: "9", count: 2000)).double == nil)
    }
}
