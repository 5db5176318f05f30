import NIOCore
import OstiaryCore

/// A provider's own words in an error inside a stream: at most 2 KiB, credentials and stack traces taken out (SEC-506).
enum FailureText {
    static func clean(_ text: JSONText) -> JSONText {
        let bytes = text.bytes
        let clean = ForeignText.cleaned(bytes) ?? bytes
        let short = ErrorSaying.beginning(of: ByteBuffer(bytes: clean), ErrorDocument.limit)
        return JSONText(String(decoding: short.readableBytesView, as: UTF8.self))
    }
}
