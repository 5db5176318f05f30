public import NIOCore
import OstiaryCore

/// Sees the body of an answer as it passes to the client.
public protocol AnswerTap: AnyObject {
    /// All of the body at once; nothing else follows.
    func whole(_ bytes: ByteBuffer)
    /// The next piece of it.
    func piece(_ bytes: ByteBuffer)
}

/// Carries a provider's answer to the client as it comes: one flush a read batch, the provider paused while the
/// client is slow, and an end on one side becomes the right end on the other.
public final class Relay: Partner, BodySink {
    private let client: any ServerExchange
    private let serial: UInt64
    private let upstream: UpstreamConnection
    private let tap: (any AnswerTap)?
    // Kept when the answer ends, as the connection goes on to its next exchange at once.
    /// What became of the answer; `nil` while it is on its way.
    public private(set) var delivery: Delivery?
    private var waiter: UnsafeContinuation<Void, Never>?

    init(client: any ServerExchange, serial: UInt64, upstream: UpstreamConnection, tap: (any AnswerTap)?) {
        self.client = client
        self.serial = serial
        self.upstream = upstream
        self.tap = tap
    }

    /// Hands over what has come. An answer that is here whole is delivered whole when this returns.
    func begin(_ naming: (FieldName) -> StaticString?) {
        guard client.isCurrent(serial), !client.answer.isBegun, let head = upstream.head else {
            upstream.abandoned()
            delivery = client.answer.delivery(at: client.now)
            return
        }
        client.partner = self
        let earlier = upstream.attach(self)
        if let held = earlier.held {
            if earlier.isEnded { tap?.whole(held) } else { tap?.piece(held) }
        }
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
    }

    /// Returns when the answer has come to its end, whichever that is.
    public func untilEnd() async -> Delivery {
        if delivery == nil { await withUnsafeContinuation { waiter = $0 } }
        return delivery ?? client.answer.delivery(at: client.now)
    }

    func piece(_ bytes: ByteBuffer) {
        tap?.piece(bytes)
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
