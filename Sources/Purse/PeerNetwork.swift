import OstiaryCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The part of an address that one peer cannot change at will.
enum PeerNetwork {
    /// The IPv4 address itself, the first 64 bits of an IPv6 address, or the text as it is where it is neither.
    static func name(of address: String) -> String {
        // Without a colon it is no IPv6 address; this is the way of most.
        guard address.utf8.contains(UInt8(ascii: ":")) else { return address }
        let bare = address.prefix { $0 != "%" }
        var bytes = in6_addr()
        guard inet_pton(AF_INET6, String(bare), &bytes) == 1 else { return address }
        return withUnsafeBytes(of: bytes) { bytes in
            let mapped = bytes[0..<10].allSatisfy { $0 == 0 } && bytes[10] == 0xff && bytes[11] == 0xff
            return mapped
                ? bytes[12..<16].map { String($0) }.joined(separator: ".")
                : "\(Hex.encode(bytes[0..<8]))/64"
        }
    }
}
