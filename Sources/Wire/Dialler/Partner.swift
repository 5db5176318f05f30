import NIOCore

/// Whoever works for a client's exchange on the provider's side, seen from the client's connection.
protocol Partner: AnyObject {
    /// The client has left, or the gate cuts the exchange.
    func abandoned()
    /// The client takes no more for now.
    func pause()
    func resume()
}

/// Where the body of a provider's answer goes.
protocol BodySink: AnyObject {
    func piece(_ bytes: ByteBuffer)
    /// A read batch is over.
    func flush()
    func ended()
    /// The provider's connection broke before the body was complete.
    func failed()
}
