public import NIOCore
public import OstiaryCore

/// An answer that was begun: pieces, then an end. Noncopyable; dropped without `finish` it is cut, so a fault never
/// looks like a complete answer.
public struct ReplyStream: ~Copyable {
    private let connection: any ServerExchange
    private let serial: UInt64
    private var isEnded = false

    init(connection: any ServerExchange, serial: UInt64, lastWords: ((Entry.Cut) -> ByteBuffer?)?) {
        self.connection = connection
        self.serial = serial
        if let lastWords, connection.isCurrent(serial) { connection.partner = Speaker(lastWords) }
    }

    /// Sends a piece and returns when the client can take more.
    /// - Throws: `.clientGone` when the client has left.
    public mutating func write(_ bytes: ByteBuffer) async throws(GateError) {
        guard isCurrent else { throw GateError(.clientGone) }
        connection.writePiece(bytes)
        connection.flushAnswer()
        while isCurrent, !connection.takesMore {
            await withUnsafeContinuation { connection.answer.writableWaiter = $0 }
        }
        guard isCurrent else { throw GateError(.clientGone) }
    }

    /// Ends the answer cleanly.
    public consuming func finish() -> Delivery {
        isEnded = true
        guard isCurrent else { return delivery }
        connection.partner = nil
        return connection.endStream()
    }

    /// Ends the answer so that the client sees an error.
    public consuming func cut(_ cut: Entry.Cut) -> Delivery {
        isEnded = true
        if isCurrent { connection.cutAnswer(cut) }
        return delivery
    }

    private var isCurrent: Bool { connection.isCurrent(serial) && !connection.answer.isComplete }
    private var delivery: Delivery { connection.answer.delivery(at: connection.worker.now) }

    deinit {
        if !isEnded, connection.isCurrent(serial), !connection.answer.isComplete { connection.cutAnswer(.gate) }
    }
}

/// Knows what a stream of the gate's own ends with when it is cut.
private final class Speaker: Partner {
    private let words: (Entry.Cut) -> ByteBuffer?

    init(_ words: @escaping (Entry.Cut) -> ByteBuffer?) {
        self.words = words
    }

    func lastWords(_ cut: Entry.Cut) -> ByteBuffer? { words(cut) }
    // A stream of the gate's own finds out by itself, with its next piece.
    func abandoned() {}
    func pause() {}
    func resume() {}
}
