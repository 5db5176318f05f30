import NIOCore
import OstiaryCore

/// Whoever works for a client's exchange on the provider's side, seen from the client's connection.
protocol Partner: AnyObject {
    /// The client has left, or the gate cuts the exchange.
    func abandoned()
    /// The client takes no more for now.
    func pause()
    func resume()
    /// What goes out before an answer that streams is cut; `nil` for nothing.
    func lastWords(_ cut: Entry.Cut) -> ByteBuffer?
}

extension Partner {
    func lastWords(_ cut: Entry.Cut) -> ByteBuffer? { nil }
}

/// Where the body of a provider's answer goes.
protocol BodySink: AnyObject {
    func piece(_ bytes: ByteBuffer)
    /// A read batch is over.
    func flush()
    func ended()
    /// The body will not be completed: the provider's connection broke, or its bytes are no body.
    func failed(_ reason: GateError)
}
