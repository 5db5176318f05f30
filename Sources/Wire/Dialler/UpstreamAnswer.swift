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

    /// The value's bytes; `nil` when there is no such field.
    public func valueBytes(_ name: FieldName) -> ByteBuffer? {
        head.valueBytes(name)
    }

    /// The value's bytes, copied.
    public func value(_ name: FieldName) -> [UInt8]? {
        valueBytes(name).map { Array($0.readableBytesView) }
    }

    /// Reads the whole body.
    /// - Throws: `.upstreamProtocolError` when it breaks off or is longer than `limit` bytes.
    public consuming func collect(limit: Int) async throws(GateError) -> ByteBuffer {
        var body = ByteBuffer()
        try await pour(limit: limit) { body.writeImmutableBuffer($0) }
        return body
    }

    /// Hands the body over piece by piece.
    /// - Throws: `.upstreamProtocolError` when it breaks off or is longer than `limit` bytes.
    public consuming func pour(limit: Int, _ take: @escaping (ByteBuffer) -> Void) async throws(GateError) {
        try await Pouring(upstream: takeConnection(), limit: limit, take: take).run()
    }

    mutating func takeConnection() -> UpstreamConnection {
        isTaken = true
        return connection
    }

    deinit {
        if !isTaken { connection.abandoned() }
    }
}

/// Takes a whole body in.
private final class Pouring: BodySink {
    private let upstream: UpstreamConnection
    private let limit: Int
    private let take: (ByteBuffer) -> Void
    private var count = 0
    private var isOver = false
    private var failure: StaticString?
    private var waiter: UnsafeContinuation<Void, Never>?

    init(upstream: UpstreamConnection, limit: Int, take: @escaping (ByteBuffer) -> Void) {
        self.upstream = upstream
        self.limit = limit
        self.take = take
    }

    func run() async throws(GateError) {
        let earlier = upstream.attach(self)
        if let held = earlier.held { piece(held) }
        if earlier.isFailed { failed() }
        if earlier.isEnded { finish() }
        if !isOver { await withUnsafeContinuation { waiter = $0 } }
        if let failure {
            upstream.abandoned()
            throw GateError(.upstreamProtocolError, cause: failure)
        }
        upstream.taken()
    }

    func piece(_ bytes: ByteBuffer) {
        guard failure == nil else { return }
        count += bytes.readableBytes
        guard count <= limit else {
            failure = "body_too_large"
            return finish()
        }
        take(bytes)
    }

    func flush() {}
    func ended() { finish() }

    func failed() {
        if failure == nil { failure = "body_broken" }
        finish()
    }

    private func finish() {
        isOver = true
        let waiter = waiter
        self.waiter = nil
        waiter?.resume()
    }
}
