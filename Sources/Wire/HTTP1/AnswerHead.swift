import NIOCore
import OstiaryCore

/// The head of a provider's answer, read once (RFC 9112 section 4). What cannot be understood in one way only is
/// refused, and the connection with it.
final class AnswerHead: Sendable {
    static let sizeLimit = 64 * 1024
    static let fieldLimit = 200

    let status: Int
    let framing: BodyFraming
    /// Whether the connection may carry another request after this answer.
    let keepsConnection: Bool
    let bytes: ByteBuffer
    let fields: FieldLines

    /// - Parameters:
    ///   - bytes: the head including its empty line.
    ///   - toHEAD: whether it answers a HEAD, which has no body whatever the fields say.
    init(_ bytes: ByteBuffer, toHEAD: Bool) throws(HeadFault) {
        var fields = FieldLines()
        var status = 0
        var framing = BodyFraming.untilClose
        var keeps = true
        try bytes.withReadableSpan { span throws(HeadFault) in
            let minor: Int
            (status, minor) = try Self.readStatusLine(span)
            let lineEnd = try Self.skipReason(span)
            try fields.read(span, from: lineEnd, to: span.count, limit: Self.fieldLimit)
            let declared = try BodyFraming.declared(fields, span)
            if toHEAD || status < 200 || status == 204 || status == 304 {
                framing = .none
            } else if let declared {
                framing = declared == .length(0) ? .none : declared
            }
            if framing == .chunked, minor == 0 { throw .malformed("HTTP/1.0 has no transfer codings") }
            keeps = minor == 1 && framing != .untilClose
            for line in fields.lines
            where line.name == .connection && RequestHeadReader.hasOption(span, line.value, "close") {
                keeps = false
            }
        }
        self.bytes = bytes
        self.fields = fields
        self.status = status
        self.framing = framing
        keepsConnection = keeps
    }

    init(_ bytes: ByteBuffer, fields: FieldLines, status: Int, framing: BodyFraming) {
        self.bytes = bytes
        self.fields = fields
        self.status = status
        self.framing = framing
        keepsConnection = true
    }

    /// The same head with bytes of its own, which keep no more in memory than they are.
    init(copying other: AnswerHead) {
        bytes = other.bytes.withUnsafeReadableBytes { ByteBuffer(bytes: $0) }
        fields = other.fields
        status = other.status
        framing = other.framing
        keepsConnection = other.keepsConnection
    }

    func valueBytes(_ name: FieldName) -> ByteBuffer? {
        guard let range = fields.first(name) else { return nil }
        return bytes.getSlice(at: bytes.readerIndex + range.lowerBound, length: range.count)
    }

    /// Appends `name: value CRLF` for every field that has a name for the client.
    func copyFields(to buffer: inout ByteWriter, naming: (FieldName) -> StaticString?) {
        bytes.withReadableSpan { bytes in
            for line in fields.lines where line.name != .other {
                guard let name = naming(line.name) else { continue }
                buffer.writeStaticString(name)
                buffer.writeStaticString(": ")
                buffer.writeSpan(bytes.extracting(line.value))
                buffer.writeStaticString("\r\n")
            }
        }
    }

    private static func readStatusLine(_ bytes: Span<UInt8>) throws(HeadFault) -> (status: Int, minor: Int) {
        let name: StaticString = "HTTP/1."
        guard bytes.count >= 15, (0..<7).allSatisfy({ bytes[$0] == name.utf8Start[$0] }),
            let minor = decimalDigit(bytes[7]), minor <= 1, bytes[8] == 0x20,
            let hundreds = decimalDigit(bytes[9]), let tens = decimalDigit(bytes[10]),
            let ones = decimalDigit(bytes[11]), (1...5).contains(hundreds),
            bytes[12] == 0x20 || bytes[12] == 0x0d
        else { throw .malformed("the status line is malformed") }
        return (hundreds * 100 + tens * 10 + ones, minor)
    }

    private static func skipReason(_ bytes: Span<UInt8>) throws(HeadFault) -> Int {
        var index = 12
        while index < bytes.count, OctetClass.fieldValue.contains(bytes[index]) { index += 1 }
        guard index + 1 < bytes.count, bytes[index] == 0x0d, bytes[index + 1] == 0x0a else {
            throw .malformed("the status line is malformed")
        }
        return index + 2
    }
}
