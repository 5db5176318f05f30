public import NIOCore
public import OstiaryCore

/// A provider's answer whose head has come. Noncopyable: its body goes to one place, and an answer that nobody takes
/// cancels its request.
public struct UpstreamAnswer: ~Copyable {
    private let exchange: UpstreamExchange
    private let head: AnswerHead
    private var isTaken = false

    init(_ exchange: UpstreamExchange, head: AnswerHead) {
        self.exchange = exchange
        self.head = head
    }

    public var status: Int { head.status }
    /// When the request was sent.
    public var askedAt: MonotonicTime { exchange.askedAt }

    public func has(_ name: FieldName) -> Bool { head.fields.has(name) }

    /// The value's bytes; `nil` when there is no such field.
    public func valueBytes(_ name: FieldName) -> ByteBuffer? {
        head.valueBytes(name)
    }

    /// Lends the value; `nil` when there is no such field.
    @inlinable
    public func withValue<Result>(_ name: FieldName, _ body: (Span<UInt8>) -> Result) -> Result? {
        guard let range = valueRange(name) else { return nil }
        return headBytes.withReadableSpan { body($0.extracting(range)) }
    }

    @usableFromInline
    var headBytes: ByteBuffer { head.bytes }
    @usableFromInline
    func valueRange(_ name: FieldName) -> Range<Int>? { head.fields.first(name) }

    /// The value's bytes, copied.
    public func value(_ name: FieldName) -> [UInt8]? {
        valueBytes(name).map { Array($0.readableBytesView) }
    }

    /// Appends `name: value CRLF` for every field that has a name for the client.
    public func copyFields(to buffer: inout ByteWriter, naming: (FieldName) -> StaticString?) {
        head.copyFields(to: &buffer, naming: naming)
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
        let ending = await Pouring(upstream: takeExchange(), limit: limit, take: take).run(for: nil)
        if ending == .full { throw GateError(.upstreamProtocolError, cause: "body_too_large") }
        try Self.check(ending)
    }

    /// Reads the body up to `limit` bytes, and leaves the provider when there is more.
    /// - Parameters:
    ///   - seconds: how long the provider may take for it.
    ///   - client: the exchange this is for, whose end cancels the request.
    /// - Throws: `.upstreamProtocolError` when the body breaks off or takes too long, `.clientGone`.
    public consuming func collectBeginning(
        limit: Int,
        within seconds: Double,
        client: RequestBody
    ) async throws(GateError) -> (body: ByteBuffer, isWhole: Bool) {
        exchange.boundBody(within: seconds)
        var body = ByteBuffer()
        let pouring = Pouring(upstream: takeExchange(), limit: limit) { body.writeImmutableBuffer($0) }
        let ending = await pouring.run(for: client)
        try Self.check(ending)
        return (body, ending == .whole)
    }

    private static func check(_ ending: Pouring.Ending) throws(GateError) {
        switch ending {
        case .whole, .full: break
        case .broken: throw GateError(.upstreamProtocolError, cause: "body_broken")
        case .left: throw GateError(.clientGone)
        }
    }

    mutating func takeExchange() -> UpstreamExchange {
        isTaken = true
        return exchange
    }

    deinit {
        if !isTaken { exchange.abandoned() }
    }
}
