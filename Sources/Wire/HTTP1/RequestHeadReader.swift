import OstiaryCore

/// Reads a request head: the request line, the field lines, and what they mean for the connection.
struct RequestHeadReader {
    private(set) var method = Method.other
    private(set) var target: RequestTarget?
    private(set) var isHTTP10 = false
    private(set) var fields = FieldLines()
    private(set) var framing = BodyFraming.none
    private(set) var keepsConnection = true
    private(set) var expectsContinue = false

    mutating func read(_ bytes: Span<UInt8>, limits: RequestHead.Limits) throws(HeadFault) {
        let fieldsStart = try readRequestLine(bytes, targetLimit: limits.target)
        try fields.read(bytes, from: fieldsStart, to: bytes.count, limit: limits.fields)
        guard let host = fields.first(.host), HostField.isValid(bytes, host) else {
            throw .malformed("Host must occur once, as host[:port]")
        }
        try readFraming(bytes)
        try readConnection(bytes)
    }

    /// `method SP request-target SP HTTP-version CRLF`, single spaces only; returns where the fields begin.
    private mutating func readRequestLine(_ bytes: Span<UInt8>, targetLimit: Int) throws(HeadFault) -> Int {
        let token = OctetClass.token
        var index = 0
        while index < bytes.count, token.contains(bytes[index]) { index += 1 }
        guard index > 0, index < bytes.count, bytes[index] == 0x20 else { throw .malformed("no method") }
        method = Self.method(bytes, index)
        let targetStart = index + 1
        index = targetStart
        while index < bytes.count, bytes[index] > 0x20 { index += 1 }
        guard index < bytes.count, bytes[index] == 0x20 else {
            throw .malformed("the request line is not METHOD TARGET VERSION")
        }
        guard index - targetStart <= targetLimit else { throw .targetTooLong }
        target = try RequestTarget.read(bytes, targetStart..<index)
        return try readVersion(bytes, index + 1)
    }

    /// Checks a request line whose head has not come to its end, so that one that can only be refused is refused now
    /// and not when its sender gives up (an HTTP/0.9 line).
    static func check(line: Span<UInt8>, limits: RequestHead.Limits) throws(HeadFault) {
        var reader = RequestHeadReader()
        _ = try reader.readRequestLine(line, targetLimit: limits.target)
    }

    private mutating func readVersion(_ bytes: Span<UInt8>, _ start: Int) throws(HeadFault) -> Int {
        let name: StaticString = "HTTP/"
        guard start + 10 <= bytes.count, (0..<5).allSatisfy({ bytes[start + $0] == name.utf8Start[$0] }),
            let major = decimalDigit(bytes[start + 5]), bytes[start + 6] == UInt8(ascii: "."),
            let minor = decimalDigit(bytes[start + 7]), bytes[start + 8] == 0x0d, bytes[start + 9] == 0x0a
        else { throw .malformed("the HTTP version is malformed") }
        guard major == 1, minor <= 1 else { throw .unknownVersion }
        isHTTP10 = minor == 0
        return start + 10
    }

    private mutating func readFraming(_ bytes: Span<UInt8>) throws(HeadFault) {
        guard let declared = try BodyFraming.declared(fields, bytes) else { return }
        if declared == .chunked, isHTTP10 { throw .malformed("HTTP/1.0 has no transfer codings") }
        framing = declared == .length(0) ? .none : declared
    }

    private mutating func readConnection(_ bytes: Span<UInt8>) throws(HeadFault) {
        keepsConnection = !isHTTP10
        if fields.has(.connection) {
            for line in fields.lines where line.name == .connection && Self.hasOption(bytes, line.value, "close") {
                keepsConnection = false
            }
        }
        if let expect = fields.first(.expect) {
            guard Self.equals(bytes, expect, "100-continue") else { throw .unknownExpectation }
            expectsContinue = !isHTTP10
        }
    }

    static func method(_ bytes: Span<UInt8>, _ length: Int) -> Method {
        switch length {
        case 3 where equalsExactly(bytes, length, "GET"): .get
        case 3 where equalsExactly(bytes, length, "PUT"): .put
        case 4 where equalsExactly(bytes, length, "POST"): .post
        case 4 where equalsExactly(bytes, length, "HEAD"): .head
        case 5 where equalsExactly(bytes, length, "PATCH"): .patch
        case 6 where equalsExactly(bytes, length, "DELETE"): .delete
        case 7 where equalsExactly(bytes, length, "OPTIONS"): .options
        default: .other
        }
    }

    private static func equalsExactly(_ bytes: Span<UInt8>, _ length: Int, _ text: StaticString) -> Bool {
        for index in 0..<length where bytes[index] != text.utf8Start[index] { return false }
        return true
    }

    /// Whether a comma-separated list holds this lower-case option, in any case.
    static func hasOption(_ bytes: Span<UInt8>, _ range: Range<Int>, _ option: StaticString) -> Bool {
        var start = range.lowerBound
        for index in range.lowerBound...range.upperBound {
            guard index == range.upperBound || bytes[index] == UInt8(ascii: ",") else { continue }
            var low = start
            var high = index
            while low < high, isBlank(bytes[low]) { low += 1 }
            while high > low, isBlank(bytes[high - 1]) { high -= 1 }
            if equals(bytes, low..<high, option) { return true }
            start = index + 1
        }
        return false
    }

    static func equals(_ bytes: Span<UInt8>, _ range: Range<Int>, _ text: StaticString) -> Bool {
        guard range.count == text.utf8CodeUnitCount else { return false }
        return (0..<range.count).allSatisfy { lowerCased(bytes[range.lowerBound + $0]) == text.utf8Start[$0] }
    }
}
