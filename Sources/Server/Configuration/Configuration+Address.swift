import OstiaryWire

extension Configuration {
    /// Where to listen: an IP address and a port.
    ///
    /// `localhost` is read as 127.0.0.1, so that the address is the same on every machine whatever its hosts file says.
    public struct Address: Hashable, Sendable, CustomStringConvertible {
        /// An IPv4 or IPv6 address in its usual text form, without brackets.
        public let host: String
        /// 0 lets the system choose.
        public let port: UInt16

        public init(host: String, port: UInt16) {
            self.host = host
            self.port = port
        }

        /// `host:port`, with brackets around an IPv6 address.
        public var description: String {
            host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
        }
    }
}

extension Configuration.Address {
    /// Reads `host:port`; `nil` for anything but an IP address or `localhost`.
    public init?(parsing text: String) {
        guard let colon = text.lastIndex(of: ":") else { return nil }
        let digits = text[text.index(after: colon)...]
        guard digits.utf8.count <= 5, let number = Quantity.digits(digits), let port = UInt16(exactly: number) else {
            return nil
        }
        var host = String(text[..<colon])
        if host.utf8.first == UInt8(ascii: "["), host.utf8.last == UInt8(ascii: "]") {
            host = String(host.dropFirst().dropLast())
            guard host.utf8.contains(UInt8(ascii: ":")), IPAddress(host) != nil else { return nil }
        } else if host == "localhost" {
            host = "127.0.0.1"
        } else {
            guard let address = IPAddress(host), !address.isSix, !host.utf8.contains(UInt8(ascii: ":")) else {
                return nil
            }
        }
        self.init(host: host, port: port)
    }

    /// Whether only this machine can reach it.
    public var isLoopback: Bool {
        IPAddress(host)?.isLoopback ?? false
    }
}
