/// What a field is and whether it is well formed (RFC 9113 section 8.2), found out once however often a table repeats it.
struct FieldVerdict: Sendable {
    enum Role: Sendable {
        case regular
        case method, scheme, authority, path, status
        /// A pseudo-header that nobody defined.
        case unknownPseudo
        /// A field about the connection, which HTTP/2 does not have (RFC 9113 section 8.2.2).
        case connection
        /// A name that is empty, has capitals or what no token has.
        case brokenName
    }

    let role: Role
    /// The known name; `.other` for pseudo-headers too.
    let name: FieldName
    /// Whether the value holds only what a field value may, without white space at its ends (section 8.2.1).
    let isValueSound: Bool

    /// - Parameters:
    ///   - bytes: what holds the name and the value.
    init(_ bytes: Span<UInt8>, name: Range<Int>, value: Range<Int>) {
        (role, self.name) = Self.judge(bytes, name)
        isValueSound = Self.isSound(bytes, value) && (self.name != .te || Self.equals(bytes, value, "trailers"))
    }

    private static func judge(_ bytes: Span<UInt8>, _ range: Range<Int>) -> (Role, FieldName) {
        guard let first = range.first else { return (.brokenName, .other) }
        if bytes[first] == UInt8(ascii: ":") { return (pseudo(bytes, range), .other) }
        let token = lowerToken
        for index in range {
            guard token.contains(bytes[index]) else { return (.brokenName, .other) }
        }
        let name = FieldNameTable.shared.find(bytes, range)
        switch name {
        case .connection, .keepAlive, .transferEncoding, .upgrade: return (.connection, name)
        case .other where equals(bytes, range, "proxy-connection"): return (.connection, name)
        default: return (.regular, name)
        }
    }

    private static func pseudo(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Role {
        switch range.count {
        case 5 where equals(bytes, range, ":path"): .path
        case 7 where equals(bytes, range, ":method"): .method
        case 7 where equals(bytes, range, ":scheme"): .scheme
        case 7 where equals(bytes, range, ":status"): .status
        case 10 where equals(bytes, range, ":authority"): .authority
        default: .unknownPseudo
        }
    }

    private static func isSound(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        guard let first = range.first, let last = range.last else { return true }
        guard !isBlank(bytes[first]), !isBlank(bytes[last]) else { return false }
        return OctetClass.endOfFieldValue(bytes, from: range.lowerBound, to: range.upperBound) == range.upperBound
    }

    private static func equals(_ bytes: Span<UInt8>, _ range: Range<Int>, _ text: StaticString) -> Bool {
        guard range.count == text.utf8CodeUnitCount else { return false }
        for index in 0..<range.count where bytes[range.lowerBound + index] != text.utf8Start[index] { return false }
        return true
    }

    /// `tchar` without capitals (RFC 9113 section 8.2.1).
    private static let lowerToken = OctetClass { octet in
        OctetClass.token.contains(octet) && !(UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(octet)
    }
}
