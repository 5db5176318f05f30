public import OstiaryCore

/// What stands behind a door: it answers one request after another. One instance serves one worker and lives on its
/// loop, so it may keep state without locks.
public protocol EdgeService: AnyObject {
    /// Answers a request, on the worker's loop: before it returns, or later by keeping `reply`, or in a task of its own
    /// by `reply.later`. The client gets a 500 when the reply is dropped without an answer.
    /// - Parameters:
    ///   - head: the request's head, read and found sound.
    ///   - body: its body, still to be read.
    ///   - peer: the address of the connection's other end.
    ///   - reply: the one right to answer.
    func answer(_ head: RequestHead, body: RequestBody, peer: Peer, reply: consuming Reply)

    /// Appends the fields that every answer of this service carries to a refusal that the edge makes itself, before
    /// any service could be asked: a broken head, a body declared too large, a time-out.
    /// - Parameter head: the request's head, where it was sound; it decides nothing but how the refusal is spelled.
    func refusal(_ error: GateError, to head: RequestHead?, started: MonotonicTime, peer: Peer) -> Refusal
}

/// An answer that the edge sends on its own: status, field lines and body, ready made.
public struct Refusal: Sendable {
    public let status: Int
    /// `name: value CRLF` lines without `Content-Length` and `Connection`.
    public let fieldLines: [UInt8]
    public let body: [UInt8]

    public init(status: Int, fieldLines: [UInt8], body: [UInt8]) {
        self.status = status
        self.fieldLines = fieldLines
        self.body = body
    }
}
