extension Configuration {
    /// The public door.
    public struct Listen: Hashable, Sendable {
        public var address: Address = Address(host: "127.0.0.1", port: 8080)
        /// Whether the door is open without TLS: not where `tls.address` was given and `address` was not.
        public var isPlain = true
        /// The same door with TLS.
        public var tls: DoorTLS = DoorTLS()
        /// Event loops; `nil` means one per core.
        public var workers: Int?
        /// Origins (RFC 6454) of web pages that may call; a preflight from any other is refused.
        public var origins: [String] = []
        /// The hosts that the door answers to, each `host` or `host:port` in lower case; empty means any.
        public var hosts: [String] = []
        /// Proxies whose word counts for where a request came from; empty means nobody's.
        public var trustedProxies: [IPNetwork] = []
        /// The field that those proxies write.
        public var forwarding: ForwardingField = .forwardedFor
        public var limits: Bounds = Bounds()

        public init() {}
    }

    /// How proxies say where a request came from.
    public enum ForwardingField: String, Hashable, Sendable, CaseIterable {
        case forwardedFor = "x-forwarded-for"
        /// RFC 7239.
        case forwarded
    }

    /// What the public door takes from one request and one connection (SEC-109). Sizes are bytes, times seconds.
    public struct Bounds: Hashable, Sendable {
        /// The head: request line and fields together.
        public var head: Int = 32 << 10
        /// Fields in a head.
        public var fields: Int = 100
        /// The request target.
        public var target: Int = 8 << 10
        /// A request body.
        public var body: Int = 32 << 20
        /// The extensions of all chunks of a body together.
        public var chunkExtensions: Int = 1 << 10
        /// The trailer fields of a body together.
        public var trailers: Int = 8 << 10
        /// From the head's first byte to its last.
        public var headerTimeout: Double = 10
        /// Between two pieces of a body.
        public var bodyIdle: Double = 30
        /// Bytes a second that a body must keep up after ten seconds; 0 means none.
        public var bodyRate: Int = 1 << 10
        /// How long a client may take nothing of its answer.
        public var sendIdle: Double = 60
        /// Between two requests of one connection.
        public var idle: Double = 60
        /// Connections of everybody.
        public var connections: Int = 10_000
        /// Connections of one peer address.
        public var connectionsPerPeer: Int = 1_000
        /// Requests before the gate closes a connection; 0 means no bound.
        public var requestsPerConnection: Int = 0

        public init() {}
    }

    /// The admin door. It has no authentication of its own, so it is bound to loopback and to a socket file.
    public struct Admin: Hashable, Sendable {
        public var address: Address = Address(host: "127.0.0.1", port: 8123)
        /// A Unix socket's path, or `nil` for none.
        public var socket: String?

        public init() {}
    }
}
