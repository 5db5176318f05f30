import OstiaryCore

/// How long a provider wants to be left in peace (RFC 9110 section 10.2.3).
enum RetryAfterField {
    /// The seconds of a value in that form; `nil` for a date, which nobody sends, and for what is no number.
    static func seconds(_ value: Span<UInt8>) -> Double? {
        guard (1...9).contains(value.count) else { return nil }
        var seconds = 0
        for index in value.indices {
            guard UInt8(ascii: "0")...UInt8(ascii: "9") ~= value[index] else { return nil }
            seconds = seconds * 10 + Int(value[index] - UInt8(ascii: "0"))
        }
        return Double(seconds)
    }
}
