public import NIOCore
public import OstiaryCore

/// Where the rest of a request's body comes from while it is sent on.
public protocol BodySource {
    /// The next piece, or `nil` at the end.
    mutating func next() async throws(GateError) -> ByteBuffer?
}

/// A request's body, pulled piece by piece. The client is paused while 64 KiB wait here untaken.
///
/// A handle of an exchange that is over behaves like a client that has left.
public struct RequestBody: BodySource {
    private let connection: any ServerExchange
    private let serial: UInt64

    init(connection: any ServerExchange, serial: UInt64) {
        self.connection = connection
        self.serial = serial
    }

    /// Whether everything has arrived; pieces may still wait to be taken.
    public var isComplete: Bool { connection.isCurrent(serial) && connection.body.isComplete }
    /// Body bytes that have arrived so far.
    public var received: Int { connection.received(by: serial) }
    /// The length that the client declared; `nil` for a chunked body.
    public var declaredLength: Int? {
        switch connection.body.framing {
        case .none: 0
        case .length(let length): length
        case .chunked, .untilClose: nil
        }
    }

    /// The whole body when all of it is here and none has been taken; `nil` otherwise.
    public func takeWhole() -> ByteBuffer? {
        guard connection.isCurrent(serial), connection.body.isComplete, connection.body.fault == nil,
            connection.body.pendingBytes == connection.body.received
        else { return nil }
        let whole = connection.body.take() ?? ByteBuffer()
        connection.resumeBody()
        return whole
    }

    /// The next piece, or `nil` at the end. Suspends only when nothing has arrived.
    /// - Throws: `.clientGone`, `.requestTimeout`, `.bodyTooLarge`, or `.invalidRequest` for broken chunks.
    public func next() async throws(GateError) -> ByteBuffer? {
        while true {
            guard connection.isCurrent(serial) else { throw GateError(.clientGone) }
            if let fault = connection.body.fault { throw fault }
            if let piece = connection.body.take() {
                connection.resumeBody()
                return piece
            }
            if connection.body.isComplete { return nil }
            connection.sendContinueIfOwed()
            await withUnsafeContinuation { connection.body.waiter = $0 }
        }
    }
}

extension RequestBody {
    /// Whether the client is still there.
    public var isWanted: Bool { connection.isCurrent(serial) && !connection.answer.isComplete }

    /// Runs `operation` as the task of this request, which is cancelled when the client leaves.
    public func run(_ operation: @escaping () async -> Void) { connection.run(serial, operation) }

    func setPartner(_ partner: any Partner) {
        if connection.isCurrent(serial) { connection.partner = partner }
    }

    func clearPartner(_ partner: any Partner) {
        if connection.partner === partner { connection.partner = nil }
    }
}
