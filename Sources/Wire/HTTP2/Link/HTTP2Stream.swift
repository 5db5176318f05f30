import NIOCore
import OstiaryCore

/// One stream of a connection (RFC 9113 section 5.1): its two halves, its windows, and what waits to be sent on it.
final class HTTP2Stream {
    /// How the outgoing half ends once everything before has been sent.
    enum Ending {
        case open
        case end
        /// So that the peer cannot take what it has for complete.
        case reset(HTTP2Code)
    }

    /// Bytes that may wait here before their source pauses, and below which it goes on.
    static let highWater = 64 * 1024
    static let lowWater = 32 * 1024

    let id: Int32
    /// Who speaks on the stream; forgotten when it is closed.
    var owner: (any HTTP2StreamOwner)?
    /// What the peer lets us send; below zero after it made its windows smaller (section 6.9.2).
    var sendWindow: Int
    /// What we still let the peer send.
    var receiveWindow: Int
    /// Bytes taken from the stream for which the peer has no new credit yet.
    var taken = 0
    /// Whether the peer's half has ended.
    var isRemoteClosed = false
    /// Whether our half has ended.
    var isLocalClosed = false
    /// Whether it was taken by whoever owns the connection.
    var isServed = false
    /// Whether it is in the connection's table no more.
    var isClosed = false
    var pending = ByteBuffer()
    var ending = Ending.open
    /// Whether it waits for its turn to send.
    var isQueued = false
    /// Whether its source was told to pause.
    var isFull = false
    /// Since when bytes wait and none has left; `nil` when none waits.
    var blockedSince: MonotonicTime?

    init(id: Int32, sendWindow: Int, receiveWindow: Int) {
        self.id = id
        self.sendWindow = sendWindow
        self.receiveWindow = receiveWindow
    }

    /// Whether there is something that could be sent now, as far as this stream is concerned.
    var canSend: Bool {
        if pending.readableBytes > 0 { return sendWindow > 0 }
        if case .open = ending { return false }
        return !isLocalClosed
    }

    /// Whether its source may go on. Asked after each piece: the answer is remembered, so that the source is woken.
    var takesMore: Bool {
        if pending.readableBytes >= Self.highWater { isFull = true }
        return !isFull
    }
}

/// What a stream tells whoever speaks on it.
protocol HTTP2StreamOwner: AnyObject {
    /// A field block: an answer's head, or trailers.
    func received(_ block: FieldBlock, isEnd: Bool)
    /// A piece of the body, empty where only the end is told.
    func received(_ bytes: ByteBuffer, isEnd: Bool)
    /// There is room again for more to send.
    func madeRoom()
    /// Everything was sent, the end included.
    func sentAll()
    /// The peer reset the stream, or the connection is gone (`nil`). Told last.
    func wasReset(_ code: UInt32?)
}
