import NIOCore
import OstiaryCore

/// Carries a provider's answer to the client as it comes: one flush a read batch, the provider paused while the
/// client is slow, and an end on one side becomes the right end on the other.
final class Relay: Partner, BodySink {
    private let client: ServerConnection
    private let serial: UInt64
    private let upstream: UpstreamConnection
    private let tap: ((ByteBuffer) -> Void)?
    private let filter: (any BodyFilter)?
    // Why the answer is cut, once it is.
    private var failure: GateError?
    // Kept when the answer ends, as the connection goes on to its next exchange at once.
    private var delivery: Delivery?
    private var waiter: UnsafeContinuation<Void, Never>?

    init(
        client: ServerConnection,
        serial: UInt64,
        upstream: UpstreamConnection,
        tap: ((ByteBuffer) -> Void)?,
        filter: (any BodyFilter)?
    ) {
        self.client = client
        self.serial = serial
        self.upstream = upstream
        self.tap = tap
        self.filter = filter
    }

    /// Runs to the end of the answer, without suspending when all of it is here.
    func run(_ naming: (FieldName) -> StaticString?) async -> Delivery {
        guard client.isCurrent(serial), !client.answer.isBegun, let head = upstream.head else {
            upstream.abandoned()
            return client.answer.delivery(at: client.now)
        }
        client.partner = self
        let earlier = upstream.attach(self)
        let first = earlier.held.map { admit($0) }
        let length: Int? =
            switch head.framing {
            case .none: 0
            // A filter may change how long the body is.
            case .length(let length): filter == nil ? length : nil
            case .chunked, .untilClose: nil
            }
        client.beginStream(serial, head.status, length: length, first: first) { out in
            head.copyFields(to: &out, naming: naming)
        }
        if let reason = failure ?? earlier.failure {
            failed(reason)
        } else if earlier.isEnded {
            ended()
        } else {
            client.transport?.flush()
            holdBackIfFull()
        }
        if delivery == nil { await withUnsafeContinuation { waiter = $0 } }
        return delivery ?? client.answer.delivery(at: client.now)
    }

    func piece(_ bytes: ByteBuffer) {
        guard delivery == nil, failure == nil else { return }
        client.writePiece(admit(bytes))
        if let failure { return failed(failure) }
        holdBackIfFull()
    }

    /// What of a piece goes to the client now.
    private func admit(_ bytes: ByteBuffer) -> ByteBuffer {
        tap?(bytes)
        guard let filter else { return bytes }
        do throws(GateError) {
            return try filter.pass(bytes)
        } catch {
            failure = error
            return ByteBuffer()
        }
    }

    func flush() {
        client.transport?.flush()
    }

    func ended() {
        guard delivery == nil else { return }
        if let rest = filter?.finish(), rest.readableBytes > 0 { client.writePiece(rest) }
        client.partner = nil
        upstream.taken()
        // The client's connection may be at its next exchange when this returns.
        finish(client.endStream())
    }

    func failed(_ reason: GateError) {
        guard delivery == nil else { return }
        failure = reason
        if reason.source == .upstream { upstream.judge(.failure) }
        // Comes back as `abandoned`, after the last words.
        client.cutAnswer(.upstream)
        abandoned()
    }

    func lastWords(_ cut: Entry.Cut) -> ByteBuffer? {
        guard let filter, let reason = GateError(cut) else { return nil }
        return filter.lastWords(cut == .upstream ? failure ?? reason : reason)
    }

    func abandoned() {
        guard delivery == nil else { return }
        finish(client.answer.delivery(at: client.now))
        upstream.abandoned()
    }

    func pause() { upstream.pause() }
    func resume() { upstream.resume() }

    private func holdBackIfFull() {
        if client.transport?.isWritable == false { upstream.pause() }
    }

    private func finish(_ delivery: Delivery) {
        self.delivery = delivery
        let waiter = waiter
        self.waiter = nil
        waiter?.resume()
    }
}
