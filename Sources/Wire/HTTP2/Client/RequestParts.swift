import OstiaryCore

/// A request's head as the gate writes it for HTTP/1.1, taken apart for HTTP/2 (RFC 9113 section 8.3.1). The ranges are
/// those of its bytes.
struct RequestParts {
    let method: Range<Int>
    let path: Range<Int>
    /// The value of `Host`, which becomes `:authority`.
    let authority: Range<Int>
    /// The field lines before and behind `Host`.
    let before: Range<Int>
    let after: Range<Int>

    /// `nil` for what is no such head.
    init?(_ bytes: Span<UInt8>) {
        guard let methodEnd = Self.find(0x20, in: bytes, from: 0),
            let pathEnd = Self.find(0x20, in: bytes, from: methodEnd + 1),
            let lineEnd = Self.find(0x0a, in: bytes, from: pathEnd + 1)
        else { return nil }
        method = 0..<methodEnd
        path = methodEnd + 1..<pathEnd
        let start = lineEnd + 1
        var line = start
        let name: StaticString = "host:"
        while let end = Self.find(0x0a, in: bytes, from: line) {
            let value = line + name.utf8CodeUnitCount
            if value < end, RequestHeadReader.equals(bytes, line..<value, name) {
                var low = value
                while low < end - 1, isBlank(bytes[low]) { low += 1 }
                authority = low..<max(low, end - 1)
                before = start..<line
                after = end + 1..<bytes.count
                return
            }
            line = end + 1
        }
        return nil
    }

    private static func find(_ octet: UInt8, in bytes: Span<UInt8>, from start: Int) -> Int? {
        var index = start
        while index < bytes.count {
            if bytes[index] == octet { return index }
            index += 1
        }
        return nil
    }
}
