import NIOCore

/// What a connection's codec needs of whatever carries its bytes.
///
/// The codecs of both sides know only this: plain hops have a socket below (`SocketTransport`), those with TLS a NIO
/// channel (`ChannelTransport`). All calls come from, and go to, the loop that owns the connection.
protocol Transport: AnyObject {
    /// Queues bytes; they leave with the next flush.
    func write(_ bytes: ByteBuffer)
    /// Sends what is queued: at the end of the running read batch, or at once when there is none.
    func flush()
    /// False while more than 64 KiB wait to be sent.
    var isWritable: Bool { get }
    /// Stops or resumes taking bytes from the peer.
    func setReading(_ isReading: Bool)
    /// Sends what is queued, then ends the outgoing direction; the peer may still send.
    func finishWriting()
    /// Sends what is queued, then closes. Asked once more, it drops what the peer has not taken and resets.
    func close()
    /// Drops what is queued and resets the connection, so that the peer cannot take it for a clean end.
    func reset()
}

/// The codec's side of a transport.
protocol TransportOwner: AnyObject {
    func attached(to transport: any Transport)
    /// The TLS below is established and its peer verified; nothing was sent before.
    func secured()
    func received(_ bytes: ByteBuffer)
    /// The read batch is over; what was written meanwhile leaves now.
    func receivedAll()
    func writabilityChanged()
    /// The connection is gone, for whatever reason. Called once, last; also when it was never `attached`.
    func closed(_ error: (any Error)?)
}

extension TransportOwner {
    func secured() {}
}
