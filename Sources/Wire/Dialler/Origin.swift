/// Where a provider is reached: scheme, host and port (RFC 9110 section 4.3), and the path all its routes begin with.
public struct Origin: Hashable, Sendable {
    public let isSecure: Bool
    /// A name or an address; IPv6 addresses without brackets.
    public let host: String
    public let port: Int
    /// The base path without trailing slash; empty for none.
    public let basePath: String
    /// A Unix socket's path, in place of host and port.
    public let socketPath: String?

    /// The value of `Host`.
    public var authority: String {
        let name = host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host
        return port == (isSecure ? 443 : 80) ? name : "\(name):\(port)"
    }

    /// A server behind a Unix socket, for the command's own calls.
    public init(socketPath: String) {
        isSecure = false
        host = "localhost"
        port = 80
        basePath = ""
        self.socketPath = socketPath
    }

    /// Reads an absolute `http` or `https` URL without userinfo, query and fragment; `nil` for anything else.
    public init?(_ url: String) {
        let isSecure = url.hasPrefix("https://")
        guard isSecure || url.hasPrefix("http://") else { return nil }
        let rest = url.dropFirst(isSecure ? 8 : 7)
        let end = rest.firstIndex(of: "/") ?? rest.endIndex
        let authority = Array(rest[..<end].utf8)
        guard HostField.isValid(authority.span, 0..<authority.count) else { return nil }
        let path = String(rest[end...])
        let bytes = Array(path.utf8)
        if !bytes.isEmpty {
            guard let target = try? RequestTarget.read(bytes.span, 0..<bytes.count), target.query.isEmpty,
                !bytes.contains(UInt8(ascii: "?"))
            else { return nil }
        }
        let portStart = Self.portStart(authority)
        let hostEnd = portStart.map { $0 - 1 } ?? authority.count
        var host = authority[..<hostEnd]
        if host.first == UInt8(ascii: "[") { host = host.dropFirst().dropLast() }
        guard
            let port = portStart.map({ Int(String(decoding: authority[$0...], as: UTF8.self)) })
                ?? (isSecure ? 443 : 80)
        else { return nil }
        socketPath = nil
        self.isSecure = isSecure
        self.host = String(decoding: host, as: UTF8.self)
        self.port = port
        // `0x7f.1` is a name to whoever checks it and an address to a resolver.
        guard !HostName.isNumber(self.host) || IPAddress(self.host) != nil else { return nil }
        guard !self.host.utf8.contains(UInt8(ascii: ":")) || IPAddress(self.host) != nil else { return nil }
        basePath = path.hasSuffix("/") ? String(path.dropLast()) : path
    }

    private static func portStart(_ authority: [UInt8]) -> Int? {
        guard let colon = authority.lastIndex(of: UInt8(ascii: ":")) else { return nil }
        if let bracket = authority.lastIndex(of: UInt8(ascii: "]")), bracket > colon { return nil }
        return colon + 1
    }
}
