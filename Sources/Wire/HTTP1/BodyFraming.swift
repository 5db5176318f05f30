/// How a message's body is delimited (RFC 9112 section 6.3), decided once from its head.
public enum BodyFraming: Sendable, Equatable {
    case none
    /// This many bytes.
    case length(Int)
    case chunked
    /// Answers only: the body ends with the connection, so it cannot be told from a cut one.
    case untilClose

    /// The framing that the fields declare, or `nil` when they declare none.
    /// - Throws: whatever is ambiguous: both lengths, a list of lengths, any coding but `chunked`.
    static func declared(_ fields: FieldLines, _ bytes: Span<UInt8>) throws(HeadFault) -> BodyFraming? {
        if let coding = fields.first(.transferEncoding) {
            guard !fields.has(.contentLength) else { throw .malformed("both Content-Length and Transfer-Encoding") }
            guard isChunked(bytes, coding) else { throw .unknownCoding }
            return .chunked
        }
        guard let length = fields.first(.contentLength) else { return nil }
        guard (1...18).contains(length.count) else { throw .malformed("Content-Length is not a number") }
        var value = 0
        for index in length {
            guard let digit = decimalDigit(bytes[index]) else { throw .malformed("Content-Length is not a number") }
            value = value * 10 + digit
        }
        return .length(value)
    }

    private static func isChunked(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        let chunked: StaticString = "chunked"
        guard range.count == chunked.utf8CodeUnitCount else { return false }
        return (0..<range.count).allSatisfy { lowerCased(bytes[range.lowerBound + $0]) == chunked.utf8Start[$0] }
    }
}
