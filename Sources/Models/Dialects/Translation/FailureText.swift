import OstiaryCore

/// A provider's own words in an error inside a stream: at most 2 KiB, credentials and stack traces taken out (SEC-506).
enum FailureText {
    static let limit = 2048

    static func clean(_ text: JSONText) -> JSONText {
        let bytes = text.bytes
        let clean = ForeignText.cleaned(bytes) ?? bytes
        guard clean.count > limit else { return JSONText(String(decoding: clean, as: UTF8.self)) }
        // No half character at the end.
        var end = limit
        while end > 0, limit - end < 3, clean[end] & 0xc0 == 0x80 { end -= 1 }
        return JSONText(String(decoding: clean[..<end], as: UTF8.self))
    }
}
