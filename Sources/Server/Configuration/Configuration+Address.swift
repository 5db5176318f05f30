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
