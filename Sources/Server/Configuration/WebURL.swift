import OstiaryWire

/// An absolute `http` or `https` URL (RFC 3986) as configuration may hold one: no credentials, no fragment, no dot
/// segments, only characters that need no second thought, and nothing that the dialler would refuse later.
struct WebURL: Sendable {
    /// As written.
    let text: String
    let isSecure: Bool
    /// A name, an IPv4 address, or an IPv6 address without brackets; lower case.
    let host: String
    let port: UInt16?
    /// Empty, or begins with a slash.
    let path: String
    /// Without `?`.
    let query: String?

    init?(_ text: String) {
        guard text.utf8.count <= 2048, text.utf8.allSatisfy(Self.isAllowed) else { return nil }
        let rest: Substring
        if text.utf8.starts(with: "https://".utf8) {
            isSecure = true
            rest = text.dropFirst("https://".count)
        } else if text.utf8.starts(with: "http://".utf8) {
            isSecure = false
            rest = text.dropFirst("http://".count)
        } else {
            return nil
        }
        let authorityEnd = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        let tail = rest[authorityEnd...]
        let queryStart = tail.firstIndex(of: "?")
        path = String(tail[..<(queryStart ?? tail.endIndex)])
        query = queryStart.map { String(tail[tail.index(after: $0)...]) }
        guard !path.split(separator: "/").contains(where: { $0 == "." || $0 == ".." }) else { return nil }
        guard let (host, port) = Self.authority(rest[..<authorityEnd]) else { return nil }
        // A path has one form here and on the wire: what cannot be dialled is refused where the operator is told.
        self.text = text
        (self.host, self.port) = (host, port)
        guard Origin(withoutQuery) != nil else { return nil }
    }

    var hasPath: Bool { !path.isEmpty }

    /// Scheme, host and port as a browser's `Origin` spells them: the scheme's own port is left out.
    var origin: String {
        let scheme = isSecure ? "https" : "http"
        let name = host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host
        guard let port, port != (isSecure ? 443 : 80) else { return "\(scheme)://\(name)" }
        return "\(scheme)://\(name):\(port)"
    }

    /// Up to the path.
    var withoutQuery: String { String(text.prefix { $0 != "?" }) }

    var withoutTrailingSlash: String {
        var text = text
        while text.utf8.last == UInt8(ascii: "/") { text.removeLast() }
        return text
    }

    var isLoopback: Bool {
        IPAddress(host).map(\.isLoopback) ?? HostName.isThisMachine(host)
    }

    /// Whether the host is this machine or, by its address or name, on a private network.
    var isNearby: Bool {
        if let address = IPAddress(host) { return address.isLoopback || address.isPrivate }
        return HostName.isNearby(host)
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        Form<String>.isAlphanumeric(byte) || "-._~:/?[]!$&'()*+,;=%".utf8.contains(byte)
    }

    private static func authority(_ text: Substring) -> (host: String, port: UInt16?)? {
        var host = text
        var port: UInt16?
        let bracket = text.lastIndex(of: "]")
        if let colon = text.lastIndex(of: ":"), bracket.map({ colon > $0 }) ?? true {
            guard let number = Quantity.digits(text[text.index(after: colon)...]), let value = UInt16(exactly: number),
                value > 0
            else { return nil }
            port = value
            host = text[..<colon]
        }
        if host.utf8.first == UInt8(ascii: "[") {
            guard host.utf8.last == UInt8(ascii: "]") else { return nil }
            let inner = String(host.dropFirst().dropLast())
            guard let address = IPAddress(inner), address.isSix else { return nil }
            return (inner.lowercased(), port)
        }
        let isName = host.utf8.allSatisfy { Form<String>.isAlphanumeric($0) || "-._".utf8.contains($0) }
        guard isName, (1...253).contains(host.utf8.count), host.utf8.first != UInt8(ascii: "."),
            !host.contains("..")
        else { return nil }
        // A host whose last label is a number is an IPv4 address or nothing (WHATWG URL, ends-in-a-number).
        let last = host.split(separator: ".").last ?? ""
        if Quantity.digits(last) != nil || last.lowercased().hasPrefix("0x") {
            guard IPAddress(String(host)) != nil else { return nil }
        }
        return (host.lowercased(), port)
    }
}
