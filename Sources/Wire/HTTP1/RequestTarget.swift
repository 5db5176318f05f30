import OstiaryCore

/// A request target in the one form that routing, permission and logs use (SEC-104).
///
/// Only percent-encoded unreserved characters are decoded. Encoded slashes, backslashes and NUL, bad escapes, dot
/// segments and empty segments are refused, never repaired; `;` parameters belong to their segment.
struct RequestTarget: Sendable, Equatable {
    /// Where the path lies in the head, when it needs no decoding.
    let path: Range<Int>
    /// The decoded path, when it does.
    let decodedPath: [UInt8]?
    /// The query without `?`; empty when there is none.
    let query: Range<Int>
    /// The `host[:port]` of an absolute-form target, which then counts instead of `Host` (RFC 9112 section 3.2.2).
    let authority: Range<Int>?

    /// Reads origin-form and absolute-form (RFC 9112 section 3.2).
    static func read(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(HeadFault) -> RequestTarget {
        let allowed = OctetClass.target
        var start = range.lowerBound
        var pathEnd = range.upperBound
        var hasEscape = false
        for index in range {
            let octet = bytes[index]
            guard allowed.contains(octet) else {
                throw .malformed("the target holds a character that a URI cannot have")
            }
            if octet == UInt8(ascii: "%") { hasEscape = true }
            if octet == UInt8(ascii: "?"), pathEnd == range.upperBound { pathEnd = index }
        }
        guard !range.isEmpty else { throw .malformed("the target is empty") }
        var authority: Range<Int>?
        if bytes[start] != UInt8(ascii: "/") {
            let found = try readAuthority(bytes, start..<pathEnd)
            (authority, start) = (found, found.upperBound)
        }
        let query = pathEnd < range.upperBound ? pathEnd + 1..<range.upperBound : range.upperBound..<range.upperBound
        if hasEscape {
            try checkEscapes(bytes, query)
            let decoded = try decode(bytes, start..<pathEnd)
            try checkSegments(decoded.span, 0..<decoded.count)
            return RequestTarget(path: start..<pathEnd, decodedPath: decoded, query: query, authority: authority)
        }
        try checkSegments(bytes, start..<pathEnd)
        return RequestTarget(path: start..<pathEnd, decodedPath: nil, query: query, authority: authority)
    }

    private static func readAuthority(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(HeadFault) -> Range<Int> {
        for scheme in ["http://", "https://"] as [StaticString] {
            let text = UnsafeBufferPointer(start: scheme.utf8Start, count: scheme.utf8CodeUnitCount)
            guard range.count > text.count,
                (0..<text.count).allSatisfy({ lowerCased(bytes[range.lowerBound + $0]) == text[$0] })
            else { continue }
            let authority = range.lowerBound + text.count
            var end = authority
            while end < range.upperBound, bytes[end] != UInt8(ascii: "/") { end += 1 }
            guard HostField.isValid(bytes, authority..<end), end < range.upperBound else {
                throw .malformed("the target's authority is not host[:port]")
            }
            return authority..<end
        }
        throw .malformed("the target is neither a path nor an http URL")
    }

    private static func decode(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(HeadFault) -> [UInt8] {
        var decoded: [UInt8] = []
        var index = range.lowerBound
        while index < range.upperBound {
            guard bytes[index] == UInt8(ascii: "%") else {
                decoded.append(bytes[index])
                index += 1
                continue
            }
            let octet = try escape(bytes, index, range.upperBound)
            switch octet {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                decoded.append(octet)
            case UInt8(ascii: "/"), UInt8(ascii: "\\"), 0x00..<0x20, 0x7f...:
                throw .malformed("the path hides a slash, a backslash or a control character")
            default:
                decoded.append(contentsOf: [bytes[index], bytes[index + 1], bytes[index + 2]])
            }
            index += 3
        }
        return decoded
    }

    private static func checkEscapes(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(HeadFault) {
        var index = range.lowerBound
        while index < range.upperBound {
            if bytes[index] == UInt8(ascii: "%") {
                _ = try escape(bytes, index, range.upperBound)
                index += 3
            } else {
                index += 1
            }
        }
    }

    private static func escape(_ bytes: Span<UInt8>, _ index: Int, _ end: Int) throws(HeadFault) -> UInt8 {
        guard index + 2 < end, let high = Hex.value(of: bytes[index + 1]), let low = Hex.value(of: bytes[index + 2])
        else {
            throw .malformed("the target holds a broken percent escape")
        }
        return high << 4 | low
    }

    private static func checkSegments(_ path: Span<UInt8>, _ range: Range<Int>) throws(HeadFault) {
        guard range.count > 1 else { return }
        var segmentStart = range.lowerBound + 1
        for index in range.lowerBound + 1...range.upperBound {
            guard index == range.upperBound || path[index] == UInt8(ascii: "/") else { continue }
            // A trailing slash leaves an empty last segment: another path, not a broken one.
            if index == segmentStart, index < range.upperBound { throw .malformed("the path holds an empty segment") }
            if isDots(path, segmentStart..<index) { throw .malformed("the path holds a dot segment") }
            segmentStart = index + 1
        }
    }

    /// `.` or `..`, also before a `;` parameter, plain or encoded, which some servers strip first.
    private static func isDots(_ path: Span<UInt8>, _ range: Range<Int>) -> Bool {
        var index = range.lowerBound
        while index < range.upperBound, path[index] == UInt8(ascii: ".") { index += 1 }
        let dots = index - range.lowerBound
        guard dots == 1 || dots == 2 else { return false }
        guard index < range.upperBound, path[index] != UInt8(ascii: ";") else { return true }
        return index + 2 < range.upperBound && path[index] == UInt8(ascii: "%")
            && path[index + 1] == UInt8(ascii: "3") && path[index + 2] | 0x20 == UInt8(ascii: "b")
    }
}
