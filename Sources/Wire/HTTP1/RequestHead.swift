public import NIOCore
public import OstiaryCore

/// A request's head, read once (RFC 9112 sections 2 to 6). Strings are not made of it; its bytes stay where they were
/// received and are looked at in place.
public final class RequestHead: Sendable {
    /// How much a head may hold (SEC-109).
    public struct Limits: Hashable, Sendable {
        /// Bytes of the whole head; more is answered 431.
        public var head = 32 * 1024
        /// Field lines; more is answered 431.
        public var fields = 100
        /// Bytes of the request target; more is answered 414.
        public var target = 8 * 1024

        public init() {}
    }

    public let method: Method
    /// HTTP/1.0 clients get no chunked answers and no kept connection.
    public let isHTTP10: Bool
    public let framing: BodyFraming
    /// Whether the client keeps the connection after this exchange (RFC 9112 section 9.3).
    public let keepsConnection: Bool
    /// Whether the client waits for `100 Continue` before it sends the body.
    public let expectsContinue: Bool

    @usableFromInline
    let bytes: ByteBuffer
    private let target: RequestTarget
    private let fields: FieldLines

    /// Reads a whole head.
    /// - Parameter bytes: the head including its empty line, and nothing else.
    init(_ bytes: ByteBuffer, limits: Limits) throws(HeadFault) {
        var reader = RequestHeadReader()
        try bytes.withReadableSpan { span throws(HeadFault) in try reader.read(span, limits: limits) }
        guard let target = reader.target else { throw .malformed("the request line is incomplete") }
        self.bytes = bytes
        self.target = target
        method = reader.method
        isHTTP10 = reader.isHTTP10
        framing = reader.framing
        keepsConnection = reader.keepsConnection
        expectsContinue = reader.expectsContinue
        fields = reader.fields
    }

    /// A head whose parts were read and checked elsewhere (HTTP/2), as ranges into `bytes`.
    init(
        _ bytes: ByteBuffer,
        method: Method,
        target: RequestTarget,
        fields: FieldLines,
        framing: BodyFraming,
        expectsContinue: Bool
    ) {
        self.bytes = bytes
        self.target = target
        self.fields = fields
        self.method = method
        self.framing = framing
        self.expectsContinue = expectsContinue
        isHTTP10 = false
        keepsConnection = true
    }

    /// The path in its one form (see `RequestTarget`).
    public var pathBytes: ByteBuffer {
        if let decoded = target.decodedPath { return ByteBuffer(bytes: decoded) }
        return slice(target.path)
    }

    /// Lends the path in its one form.
    @inlinable
    public func withPath<Result>(_ body: (Span<UInt8>) -> Result) -> Result {
        if let decoded = decodedPath { return body(decoded.span) }
        return bytes.withReadableSpan { body($0.extracting(pathRange)) }
    }

    // What generic code in other modules needs, so that it is compiled for its type there.
    @usableFromInline
    var decodedPath: [UInt8]? { target.decodedPath }
    @usableFromInline
    var pathRange: Range<Int> { target.path }
    @usableFromInline
    func valueRange(_ name: FieldName) -> Range<Int>? { fields.first(name) }

    /// The path as text, for places that are not on the way of every request.
    public var path: String {
        withPath { String(decoding: Array(copying: $0), as: UTF8.self) }
    }

    /// The query without `?`; empty when there is none.
    public var query: [UInt8] {
        target.query.isEmpty ? [] : bytes.withReadableSpan { Array(copying: $0.extracting(target.query)) }
    }

    /// Lends the `host[:port]` that the request is for: the target's where it has one, otherwise that of `Host`.
    public func withHost<Result>(_ body: (Span<UInt8>) -> Result) -> Result? {
        (target.authority ?? fields.first(.host)).map { slice($0).withReadableSpan(body) }
    }

    public func has(_ name: FieldName) -> Bool { fields.has(name) }

    /// Whether more than one field has this name.
    public func isRepeated(_ name: FieldName) -> Bool { fields.isRepeated(name) }

    /// The value of the first field of this name, without surrounding white space; `nil` when there is none.
    public func valueBytes(_ name: FieldName) -> ByteBuffer? {
        fields.first(name).map(slice)
    }

    /// Lends the value of the first field of this name; `nil` when there is none.
    @inlinable
    public func withValue<Result>(_ name: FieldName, _ body: (Span<UInt8>) -> Result) -> Result? {
        guard let range = valueRange(name) else { return nil }
        return bytes.withReadableSpan { body($0.extracting(range)) }
    }

    /// The values of all fields of this name, in order.
    public func values(_ name: FieldName) -> [[UInt8]] {
        guard has(name) else { return [] }
        return bytes.withReadableSpan { span in
            fields.lines.filter { $0.name == name }.map { Array(copying: span.extracting($0.value)) }
        }
    }

    private func slice(_ range: Range<Int>) -> ByteBuffer {
        bytes.getSlice(at: bytes.readerIndex + range.lowerBound, length: range.count) ?? ByteBuffer()
    }

    /// The value's bytes, copied.
    public func value(_ name: FieldName) -> [UInt8]? {
        withValue(name) { Array(copying: $0) }
    }
}

extension Array where Element == UInt8 {
    init(copying span: Span<UInt8>) {
        self = span.withUnsafeBufferPointer { Array($0) }
    }
}
