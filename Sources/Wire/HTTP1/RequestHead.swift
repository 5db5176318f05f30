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

    private let bytes: ByteBuffer
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

    /// The path in its one form (see `RequestTarget`).
    public var pathBytes: ByteBuffer {
        if let decoded = target.decodedPath { return ByteBuffer(bytes: decoded) }
        return slice(target.path)
    }

    /// Lends the path in its one form.
    @inlinable
    public func withPath<Result>(_ body: (Span<UInt8>) -> Result) -> Result {
        pathBytes.withReadableSpan(body)
    }

    /// The path as text, for places that are not on the way of every request.
    public var path: String {
        withPath { String(decoding: Array(copying: $0), as: UTF8.self) }
    }

    /// The query without `?`; empty when there is none.
    public var query: [UInt8] {
        target.query.isEmpty ? [] : bytes.withReadableSpan { Array(copying: $0.extracting(target.query)) }
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
        valueBytes(name)?.withReadableSpan(body)
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
