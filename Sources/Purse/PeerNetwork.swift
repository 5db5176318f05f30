#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The part of an address that one peer cannot change at will.
enum PeerNetwork {
    /// Calls `body` with the bytes that a limit knows the address by: those of an IPv4 address behind a 4, the first
    /// eight of an IPv6 address behind a 6, and the text as it is where it is neither. An IPv4 address in IPv6 form is
    /// the IPv4 address; a zone counts for nothing.
    static func withBytes<Result>(of address: String, _ body: (Span<UInt8>) -> Result) -> Result {
        var bytes = in6_addr()
        guard address.utf8.contains(UInt8(ascii: ":")) else {
            guard inet_pton(AF_INET, address, &bytes) == 1 else { return body(address.utf8Span.span) }
            return withUnsafeBytes(of: bytes) { body(marked(4, $0[0..<4]).span.extracting(0..<5)) }
        }
        let bare = address.utf8.contains(UInt8(ascii: "%")) ? String(address.prefix { $0 != "%" }) : address
        guard inet_pton(AF_INET6, bare, &bytes) == 1 else { return body(address.utf8Span.span) }
        return withUnsafeBytes(of: bytes) { bytes in
            let isMapped = bytes[0..<10].allSatisfy { $0 == 0 } && bytes[10] == 0xff && bytes[11] == 0xff
            if isMapped { return body(marked(4, bytes[12..<16]).span.extracting(0..<5)) }
            return body(marked(6, bytes[0..<8]).span)
        }
    }

    /// The mark, and at most eight bytes behind it.
    private static func marked(_ mark: UInt8, _ bytes: Slice<UnsafeRawBufferPointer>) -> InlineArray<9, UInt8> {
        var marked = InlineArray<9, UInt8>(repeating: 0)
        marked[0] = mark
        for (index, byte) in bytes.prefix(8).enumerated() { marked[index + 1] = byte }
        return marked
    }
}
