public import NIOCore
public import OstiaryCore

/// A provider's answer whose head has come. Noncopyable: its body goes to one place, and an answer that nobody takes
/// cancels its request.
public struct UpstreamAnswer: ~Copyable {
    private let connection: UpstreamConnection
    private let head: AnswerHead
    private var isTaken = false

    init(connection: UpstreamConnection, head: AnswerHead) {
        self.connection = connection
        self.head = head
    }

    public var status: Int { head.status }
    /// When the request was sent.
    public var askedAt: MonotonicTime { connection.askedAt }

    public func has(_ name: FieldName) -> Bool { head.fields.has(name) }

    /// The value's bytes, copied; `nil` when there is no such field.
    public func value(_ name: FieldName) -> [UInt8]? {
        head.withValue(name) { Array(copying: $0) }
    }

    /// Reads the whole body.
    /// - Throws: `.upstreamProtocolError` when it breaks off or is longer than `limit` bytes.
    public consuming func collect(limit: Int) async throws(GateError) -> ByteBuffer {
        let collector = Collector(upstream: takeConnection(), limit: limit)
        return try await collector.run()
    }

    mutating func takeConnection() -> UpstreamConnection {
        isTaken = true
        return connection
    }

    deinit {
        if !isTaken { connection.abandoned() }
    }
}

/// Gathers a whole body.
private final class Collector: BodySink {
    private let upstream: UpstreamConnection
    private let limit: Int
    private var body = ByteBuffer()
    private var isOver = false
    private var isFailed = false
    private var isTooLarge = false
    private var waiter: UnsafeContinuation<Void, Never>?

    init(upstream: UpstreamConnection, limit: Int) {
        self.upstream = upstream
        self.limit = limit
    }

    func run() async throws(GateError) -> ByteBuffer {
        let earlier = upstream.attach(self)
        if let held = earlier.held { piece(held) }
        isOver = isOver || earlier.isEnded || earlier.isFailed
        isFailed = isFailed || earlier.isFailed
        if !isOver { await withUnsafeContinuation { waiter = $0 } }
        guard !isFailed else {
            upstream.abandoned()
            throw GateError(.upstreamProtocolError, cause: isTooLarge ? "body_too_large" : "body_broken")
        }
        upstream.taken()
        return body
    }

    func piece(_ bytes: ByteBuffer) {
        body.writeImmutableBuffer(bytes)
        if body.readableBytes > limit {
            isTooLarge = true
            failed()
        }
    }

    func flush() {}
    func ended() { finish() }

    func failed() {
        isFailed = true
        finish()
    }

    private func finish() {
        isOver = true
        let waiter = waiter
        self.waiter = nil
        waiter?.resume()
    }
}
