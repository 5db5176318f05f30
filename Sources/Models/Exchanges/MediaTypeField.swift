/// What the value of a provider's `Content-Type` says (RFC 9110 section 8.3.1), in any case, whatever its parameters.
enum MediaTypeField {
    /// `application/json`, or a type whose form is JSON (RFC 6839 section 3.1).
    static func isJSON(_ value: some Collection<UInt8>) -> Bool {
        let type = type(value).suffix(5)
        guard let mark = type.first, mark == UInt8(ascii: "/") || mark == UInt8(ascii: "+") else { return false }
        return type.dropFirst().elementsEqual("json".utf8)
    }

    /// `text/event-stream` (WHATWG HTML, section 9.2).
    static func isEventStream(_ value: some Collection<UInt8>) -> Bool {
        type(value).elementsEqual("text/event-stream".utf8)
    }

    /// The same for a value that is lent.
    static func isEventStream(_ value: Span<UInt8>) -> Bool {
        let type: StaticString = "text/event-stream"
        guard value.count >= type.utf8CodeUnitCount else { return false }
        return value.withUnsafeBufferPointer { isEventStream($0) }
    }

    /// A page, which is for browsers.
    static func isPage(_ value: some Collection<UInt8>) -> Bool {
        let type = type(value)
        return type.elementsEqual("text/html".utf8) || type.elementsEqual("application/xhtml+xml".utf8)
    }

    /// Type and subtype in lower case.
    private static func type(_ value: some Collection<UInt8>) -> [UInt8] {
        value.prefix { $0 != UInt8(ascii: ";") && $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }
            .map { $0 >= UInt8(ascii: "A") && $0 <= UInt8(ascii: "Z") ? $0 | 0x20 : $0 }
    }
}
