import OstiaryWire

/// `host[:port]` as configuration lists it and as requests name it (RFC 9110 section 7.2).
enum HostPort {
    /// The index behind the host, where `:port` begins if there is one.
    static func end(_ text: Span<UInt8>) -> Int {
        var index = 0
        if text.count > 0, text[0] == UInt8(ascii: "[") {
            while index < text.count, text[index] != UInt8(ascii: "]") { index += 1 }
        }
        while index < text.count, text[index] != UInt8(ascii: ":") { index += 1 }
        return index
    }

    /// Whether text is a name of letters, digits, `.`, `_` and `-`, an IPv4 address, or an IPv6 address in brackets, with a
    /// port or without.
    static func isValid(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        let end = end(bytes.span)
        if end < bytes.count {
            let digits = bytes[(end + 1)...]
            guard digits.count <= 5, let port = Quantity.digits(String(decoding: digits, as: UTF8.self)),
                (1...65_535).contains(port)
            else { return false }
        }
        let name = bytes[..<end]
        if name.first == UInt8(ascii: "[") {
            return name.last == UInt8(ascii: "]")
                && IPAddress(String(decoding: name.dropFirst().dropLast(), as: UTF8.self))?.isSix == true
        }
        return !name.isEmpty && name.allSatisfy { Form<String>.isAlphanumeric($0) || "._-".utf8.contains($0) }
    }
}
