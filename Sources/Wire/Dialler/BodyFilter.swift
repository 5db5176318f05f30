public import NIOCore
public import OstiaryCore

/// What stands between a provider's body and the client's: it may hold bytes back, change them, or end the answer.
///
/// One filter serves one answer, on the answer's loop.
public protocol BodyFilter: AnyObject {
    /// Takes a piece in and returns what goes to the client now, perhaps nothing.
    /// - Throws: when the answer must not go on. It is cut then, after the last words for this error.
    func pass(_ piece: ByteBuffer) throws(GateError) -> ByteBuffer
    /// What is still held when the provider has ended its body in the ordinary way.
    /// - Throws: when what it sent is not complete all the same. The answer is cut then, as above.
    func finish() throws(GateError) -> ByteBuffer
    /// What goes out before the answer is cut, so that the client's library hears of it; `nil` for nothing.
    ///
    /// Asked at most once, and last. It is sent only where the framing has room for it (RFC 9112 section 7.1): an
    /// answer whose length was announced just ends short.
    func lastWords(_ reason: GateError) -> ByteBuffer?
    /// Seconds of silence on the provider's side after which the client is sent something that means nothing, so that
    /// nobody in between takes the connection for dead; `nil` for never.
    var longestSilence: Double? { get }
    /// That something; `nil` where nothing can be said now. Asked between two pieces only.
    func keepAlive() -> ByteBuffer?
}

extension BodyFilter {
    public var longestSilence: Double? { nil }
    public func keepAlive() -> ByteBuffer? { nil }
}
