import NIOCore
import OstiaryCore

/// Carries a provider's answer to the client as it comes: one flush a read batch, the provider paused while the
/// client is slow, and an end on one side becomes the right end on the other.
final class Relay: Partner, BodySink {
    private let client: any ServerExchange
    private let serial: UInt64
    private let upstream: UpstreamConnection
    private let tap: ((ByteBuffer) -> Void)?
    // Kept when the answer ends, as the connection goes on to its next exchange at once.
    private var delivery: Delivery?
    private var waiter: UnsafeContinuation<Void, Never>?

    init(client: any ServerExchange, serial: UInt64, upstream: UpstreamConnection, tap: ((ByteBuffer) -> Void)?) {
        self.client = client
        self.serial = serial
        self.upstream = upstream
        self.tap = tap
    }

    /// Runs to the end of the answer, without suspending when all of it is here.
    func run(_ naming: (FieldName) -> StaticString?) async -> Delivery {
        guard client.isCurrent(serial), !client.answer.isBegun, let head = upstream.head else {
            upstream.abandoned()
            return client.answer.delivery(at: client.now)
        }
        client.partner = self
        let earlier = upstream.attach(self)
        if let held = earlier.held { tap?(held) }
        let length: Int? =
            switch head.framing {
            case .none: 0
            case .length(let length): length
            case .chunked, .untilClose: nil
            }
        client.beginStream(serial, head.status, length: length, first: earlier.held) { out in
            head.copyFields(to: &out, naming: naming)
        }
        if earlier.isFailed {
            failed()
        } else if earlier.isEnded {
            ended()
        } else {
            client.flushAnswer()
            holdBackIfFull()
        }
        if delivery == nil { await withUnsafeContinuation { waiter = $0 } }
        return delivery ?? client.answer.delivery(at: client.now)
    }

    func piece(_ bytes: ByteBuffer) {
        tap?(bytes)
        client.writePiece(bytes)
        holdBackIfFull()
    }

    func flush() {
        client.flushAnswer()
    }

    func ended() {
        guard delivery == nil else { return }
        client.partner = nil
        upstream.taken()
        // The client's connection may be at its next exchange when this returns.
        finish(client.endStream())
    }

    func failed() {
        guard delivery == nil else { return }
        client.partner = nil
        client.cutAnswer(.upstream)
        finish(client.answer.delivery(at: client.now))
    }

    func abandoned() {
        guard delivery == nil else { return }
        finish(client.answer.delivery(at: client.now))
        upstream.abandoned()
    }

    func pause() { upstream.pause() }
    func resume() { upstream.resume() }

    private func holdBackIfFull() {
        if !client.takesMore { upstream.pause() }
    }

    private func finish(_ delivery: Delivery) {
        self.delivery = delivery
        let waiter = waiter
        self.waiter = nil
        waiter?.resume()
    }
}
