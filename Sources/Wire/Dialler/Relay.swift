public import NIOCore
public import OstiaryCore

/// Sees the body of an answer as it passes to the client.
public protocol AnswerTap: AnyObject {
    /// All of the body at once; nothing else follows.
    func whole(_ bytes: ByteBuffer)
    /// The next piece of it.
    func piece(_ bytes: ByteBuffer)
}

/// Is told what became of an answer.
public protocol RelayReceiver: AnyObject {
    /// The answer has come to its end, whichever that is. Called once.
    func relayed(_ delivery: Delivery)
}

/// Carries a provider's answer to the client as it comes: one flush a read batch, the provider paused while the
/// client is slow, and an end on one side becomes the right end on the other. A stream on which the provider is silent
/// is kept alive by its filter, where that has something to say.
public final class Relay: Partner, BodySink, Watched {
    private let client: any ServerExchange
    private let serial: UInt64
    private let upstream: UpstreamExchange
    private let tap: (any AnswerTap)?
    private let filter: (any BodyFilter)?
    private var receiver: (any RelayReceiver)?
    // Why the answer is cut, once it is.
    private var failure: GateError?
    // Kept when the answer ends, as the connection goes on to its next exchange at once.
    /// What became of the answer; `nil` while it is on its way.
    public private(set) var delivery: Delivery?
    private var waiter: UnsafeContinuation<Void, Never>?
    /// When the provider has been silent for too long.
    private(set) var deadline = MonotonicTime.never
    var watchIndex = -1

    init(
        client: any ServerExchange,
        serial: UInt64,
        upstream: UpstreamExchange,
        tap: (any AnswerTap)?,
        filter: (any BodyFilter)?,
        receiver: (any RelayReceiver)?
    ) {
        self.client = client
        self.serial = serial
        self.upstream = upstream
        self.tap = tap
        self.filter = filter
        self.receiver = receiver
    }

    /// Hands over what has come. An answer that is here whole is delivered whole when this returns.
    func begin(_ naming: (FieldName) -> StaticString?) {
        guard client.isCurrent(serial), !client.answer.isBegun, let head = upstream.head else {
            upstream.abandoned()
            return finish(client.answer.delivery(at: client.now))
        }
        client.partner = self
        let earlier = upstream.attach(self)
        let first = earlier.held.map { held in
            if earlier.isEnded { tap?.whole(held) } else { tap?.piece(held) }
            return admit(held)
        }
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
            client.flushAnswer()
            holdBackIfFull()
            if delivery == nil, filter?.longestSilence != nil {
                client.worker.watch(self)
                awaitPiece()
            }
        }
    }

    /// Returns when the answer has come to its end, whichever that is.
    public func untilEnd() async -> Delivery {
        if delivery == nil { await withUnsafeContinuation { waiter = $0 } }
        return delivery ?? client.answer.delivery(at: client.now)
    }

    func piece(_ bytes: ByteBuffer) {
        guard delivery == nil, failure == nil else { return }
        tap?.piece(bytes)
        client.writePiece(admit(bytes))
        awaitPiece()
        if let failure { return failed(failure) }
        holdBackIfFull()
    }

    /// What of a piece goes to the client now.
    private func admit(_ bytes: ByteBuffer) -> ByteBuffer {
        guard let filter else { return bytes }
        do throws(GateError) {
            return try filter.pass(bytes)
        } catch {
            failure = error
            return ByteBuffer()
        }
    }

    private func awaitPiece() {
        guard watchIndex >= 0, let seconds = filter?.longestSilence else { return }
        deadline = client.now.advanced(bySeconds: seconds)
    }

    func deadlinePassed(_ now: MonotonicTime) {
        awaitPiece()
        // A client that takes nothing has enough of what is not yet sent.
        guard delivery == nil, failure == nil, client.takesMore, let words = filter?.keepAlive() else { return }
        client.writePiece(words)
        client.flushAnswer()
    }

    func flush() {
        client.flushAnswer()
    }

    func ended() {
        guard delivery == nil else { return }
        do throws(GateError) {
            if let rest = try filter?.finish(), rest.readableBytes > 0 { client.writePiece(rest) }
        } catch {
            return failed(error)
        }
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
        if !client.takesMore { upstream.pause() }
    }

    private func finish(_ delivery: Delivery) {
        self.delivery = delivery
        if watchIndex >= 0 { client.worker.unwatch(self) }
        let waiter = waiter
        self.waiter = nil
        waiter?.resume()
        let receiver = receiver
        self.receiver = nil
        receiver?.relayed(delivery)
    }
}
