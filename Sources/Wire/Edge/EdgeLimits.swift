/// What a client may take of the edge: sizes in bytes, times in seconds (SEC-109).
public struct EdgeLimits: Hashable, Sendable {
    public var head = RequestHead.Limits()
    /// The most a request body may have; more is answered 413.
    public var body = 32 * 1024 * 1024
    /// The extensions of all chunks of a body together.
    public var chunkExtensions = 1024
    /// The trailer fields of a body together.
    public var trailers = 8192
    /// From a head's first byte to its last.
    public var headTime = 10.0
    /// Between two pieces of a request body.
    public var bodyIdleTime = 30.0
    /// Bytes a second that a request body must keep up beyond `bodyGraceTime` seconds of waiting in all; 0 for none.
    public var bodyRate = 1024.0
    public var bodyGraceTime = 10.0
    /// How long a client may take nothing of what waits for it.
    public var sendTime = 60.0
    /// A kept connection without a request.
    public var idleTime = 60.0
    /// Open connections in all.
    public var connections = 10_000
    /// Open connections from one address.
    public var connectionsPerPeer = 10_000
    /// Requests on one connection; 0 for no limit.
    public var requestsPerConnection = 0

    /// Body bytes that may wait inside the gate before the client is paused.
    static let bodyWindow = 64 * 1024
    /// What is read and thrown away after an early answer before the connection is given up.
    static let drain = 64 * 1024
    /// How long a connection stays that was to be kept when its answer began, and was not any more when it ended.
    static let lastCall = 0.5
    /// How long a door that drains waits for the first request of a connection.
    static let firstCall = 2.0
    /// How long a connection that ends early may go on sending.
    static let lingerTime = 2.0

    public init() {}
}
