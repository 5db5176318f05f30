/// An absolute `http` or `https` address as `htu` compares it: scheme and host in lower case, default port and empty
/// path normalised, query and fragment left out (RFC 9449 section 4.3, RFC 3986 sections 6.2.2 and 6.2.3).
///
/// Percent-encoded bytes are compared as they are written, so two spellings of one path differ; that refuses, never
/// admits.
struct ProofTarget: Equatable {
    private let secure: Bool
    private let authority: [UInt8]
    private let path: [UInt8]

    init?(_ url: String) {
        let bytes = Array(url.utf8)
        guard bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else { return nil }
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        switch String(decoding: bytes[..<colon], as: UTF8.self).lowercased() {
        case "https": secure = true
        case "http": secure = false
        default: return nil
        }
        guard bytes[(colon + 1)...].starts(with: "//".utf8) else { return nil }
        let rest = bytes[(colon + 3)...].prefix { $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
        var authority = Array(
            String(decoding: rest.prefix { $0 != UInt8(ascii: "/") }, as: UTF8.self).lowercased().utf8
        )
        let port = secure ? ":443" : ":80"
        if authority.suffix(port.utf8.count).elementsEqual(port.utf8) { authority.removeLast(port.utf8.count) }
        guard !authority.isEmpty, !authority.contains(UInt8(ascii: "@")) else { return nil }
        let path = rest.drop { $0 != UInt8(ascii: "/") }
        self.authority = authority
        self.path = path.isEmpty ? [UInt8(ascii: "/")] : Array(path)
    }
}
