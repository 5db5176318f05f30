import OstiaryCore
import OstiaryWire

/// What a request's body may be: JSON in UTF-8, uncompressed.
///
/// The gate reads the model's name out of the body, so a provider must not read the same bytes in another way: a
/// coding or a character set that it would undo, and the gate would not, is refused (SEC-111).
enum MediaType {
    /// - Throws: `.unsupportedMediaType` for a body in a coding or of another type. A request without `Content-Type`
    ///   is taken for JSON (RFC 9110 section 8.3 leaves it to the recipient); what is none is refused when it is read.
    static func check(_ head: RequestHead) throws(GateError) {
        guard !head.has(.contentEncoding) else { throw GateError(.unsupportedMediaType, cause: "content_encoding") }
        let isJSON = head.withValue(.contentType, isJSON)
        guard isJSON ?? true else { throw GateError(.unsupportedMediaType, cause: "content_type") }
    }

    /// `application/json`, alone or with `charset=utf-8`, in any case and with blanks around the semicolon.
    private static func isJSON(_ value: Span<UInt8>) -> Bool {
        guard begins(value, with: "application/json") else { return false }
        var index = "application/json".utf8.count
        while index < value.count {
            while index < value.count, isBlank(value[index]) { index += 1 }
            guard index < value.count, value[index] == UInt8(ascii: ";") else { return index == value.count }
            index += 1
            while index < value.count, isBlank(value[index]) { index += 1 }
            let parameter = value.extracting(index..<value.count)
            if begins(parameter, with: "charset=utf-8") {
                index += "charset=utf-8".utf8.count
            } else if begins(parameter, with: "charset=\"utf-8\"") {
                index += "charset=\"utf-8\"".utf8.count
            } else {
                return false
            }
        }
        return true
    }

    private static func begins(_ value: Span<UInt8>, with text: StaticString) -> Bool {
        guard value.count >= text.utf8CodeUnitCount else { return false }
        return text.withUTF8Buffer { letters in
            letters.indices.allSatisfy { index in
                let octet = value[index]
                let isCapital = octet >= UInt8(ascii: "A") && octet <= UInt8(ascii: "Z")
                return (isCapital ? octet | 0x20 : octet) == letters[index]
            }
        }
    }

    private static func isBlank(_ octet: UInt8) -> Bool { octet == 0x20 || octet == 0x09 }
}
