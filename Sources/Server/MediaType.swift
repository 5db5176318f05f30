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
        guard let value = head.value(.contentType) else { return }
        guard isJSON(String(decoding: value, as: UTF8.self).lowercased()) else {
            throw GateError(.unsupportedMediaType, cause: "content_type")
        }
    }

    /// `application/json`, alone or with `charset=utf-8`.
    private static func isJSON(_ value: String) -> Bool {
        var parts = value.split(separator: ";", omittingEmptySubsequences: false).map {
            $0.filter { $0 != " " && $0 != "\t" }
        }
        guard parts.removeFirst() == "application/json" else { return false }
        return parts.allSatisfy { ["charset=utf-8", "charset=\"utf-8\""].contains($0) }
    }
}
