public import NIOCore

/// A request to a provider, its head ready made: the gate's own bytes, nothing of the client's head.
public struct UpstreamRequest: Sendable {
    /// Where to; also names the pool, together with `pool`.
    public let origin: Origin
    /// Connections are shared only within one pool, so that no two credentials use one connection (SEC-509).
    public let pool: String
    /// Request line and fields up to, not including, the framing field and the empty line.
    public var head: ByteBuffer
    public let isHEAD: Bool
    /// Whether the method has a body, so that an empty one is announced too.
    public let hasBody: Bool
    /// What of the body is at hand.
    public var body: ByteBuffer
    /// The body's whole length when it is known, else it is sent chunked.
    public var length: Int?
    /// Whether `body` is all of it, so that the request can be sent once more.
    public var isWhole: Bool

    public init(
        origin: Origin,
        pool: String,
        head: ByteBuffer,
        isHEAD: Bool,
        hasBody: Bool,
        body: ByteBuffer,
        length: Int?,
        isWhole: Bool
    ) {
        self.origin = origin
        self.pool = pool
        self.head = head
        self.isHEAD = isHEAD
        self.hasBody = hasBody
        self.body = body
        self.length = length
        self.isWhole = isWhole
    }
}
