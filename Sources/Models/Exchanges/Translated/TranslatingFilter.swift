import NIOCore
import OstiaryCore
import OstiaryWire

/// Turns a provider's stream into the client's, piece by piece: what came is translated and goes on at once.
///
/// A stream that the provider does not complete, or that nobody can read, is cut behind the error event of the client's
/// API; `StreamTranslator` writes nothing that is out of order.
final class TranslatingFilter: BodyFilter {
    private var translator: StreamTranslator
    private let family: BrokenStream.Family
    // Kept from one piece to the next for its memory.
    private var out = ByteWriter(capacity: 2048)
    /// What the client has not got yet when the stream has failed.
    private var words: ByteBuffer?
    /// Why the stream was cut, once it is.
    private(set) var failure: GateError?

    init(_ translator: StreamTranslator, _ family: BrokenStream.Family) {
        self.translator = translator
        self.family = family
    }

    /// What was used so far.
    var tokens: Exchange.Tokens { translator.tokens }
    /// Why the answer ended, once the provider has said so.
    var stop: Exchange.Stop? { translator.stop }
    /// Bytes of text so far.
    var textBytes: Int { translator.textBytes }

    func pass(_ piece: ByteBuffer) throws(GateError) -> ByteBuffer {
        out.removeAll()
        piece.withReadableSpan { translator.feed($0, into: &out) }
        try check()
        return taken()
    }

    func finish() throws(GateError) -> ByteBuffer {
        out.removeAll()
        translator.finish(into: &out)
        try check()
        return taken()
    }

    var longestSilence: Double? { 15 }

    func keepAlive() -> ByteBuffer? {
        out.removeAll()
        translator.ping(into: &out)
        return out.isEmpty ? nil : taken()
    }

    func lastWords(_ reason: GateError) -> ByteBuffer? {
        if failure == nil { failure = reason }
        if let words { return words }
        // A cut says more than an error where clients repeat the one as a stream and the other as a whole.
        if family == .messages, reason.code == .upstreamCut { return nil }
        out.removeAll()
        translator.fail(reason, into: &out)
        return taken()
    }

    /// - Throws: when the stream has failed; what is to be said of it waits for the cut.
    private func check() throws(GateError) {
        guard let error = translator.failure else { return }
        words = taken()
        failure = error
        throw error
    }

    private func taken() -> ByteBuffer {
        out.withBytes { bytes in bytes.withUnsafeBufferPointer { ByteBuffer(bytes: $0) } }
    }
}
