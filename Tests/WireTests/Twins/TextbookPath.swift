import OstiaryCore

/// What a path leads to by the book: everything decoded, once (RFC 3986 section 2.4), then dot segments removed (section
/// 5.2.4), backslashes taken for slashes and empty segments left out, as servers that are kind to their clients do.
enum TextbookPath {
    static func resolve(_ path: [UInt8]) -> [UInt8] {
        let bytes = decoded(path).map { $0 == UInt8(ascii: "\\") ? UInt8(ascii: "/") : $0 }
        var segments: [ArraySlice<UInt8>] = []
        for segment in bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: true) {
            // Servers that cut parameters off see a dot segment in `..;a`.
            let name = segment.prefix { $0 != UInt8(ascii: ";") }
            if name.elementsEqual("..".utf8) {
                _ = segments.popLast()
            } else if !name.elementsEqual(".".utf8) {
                segments.append(segment)
            }
        }
        let joined = segments.flatMap { [UInt8(ascii: "/")] + $0 }
        let endsInSlash = bytes.last == UInt8(ascii: "/") && !segments.isEmpty
        return joined.isEmpty ? [UInt8(ascii: "/")] : joined + (endsInSlash ? [UInt8(ascii: "/")] : [])
    }

    private static func decoded(_ bytes: [UInt8]) -> [UInt8] {
        var decoded: [UInt8] = []
        var index = 0
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.count, let high = Hex.value(of: bytes[index + 1]),
                let low = Hex.value(of: bytes[index + 2])
            {
                decoded.append(high << 4 | low)
                index += 3
            } else {
                decoded.append(bytes[index])
                index += 1
            }
        }
        return decoded
    }
}
