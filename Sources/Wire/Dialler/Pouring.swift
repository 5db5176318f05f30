import NIOCore
import OstiaryCore

/// Takes a body in until it is over, there is no more room, or whoever it is for has left.
final class Pouring: BodySink, Partner {
    enum Ending {
        case whole
        /// The body is longer than the limit; its beginning has been handed over.
        case full
        case broken
        case left
    }

    private let upstream: UpstreamExchange
    private let limit: Int
    private let take: (ByteBuffer) -> Void
    private var count = 0
    private var ending: Ending?
    private var waiter: UnsafeContinuation<Void, Never>?

    init(upstream: UpstreamExchange, limit: Int, take: @escaping (ByteBuffer) -> Void) {
        self.upstream = upstream
        self.limit = limit
        self.take = take
    }

    /// Runs to the end, without suspending when all of the body is here. An exchange whose body was not taken whole
    /// is broken off.
    /// - Parameter client: whose leaving ends it; `nil` for nobody.
    func run(for client: RequestBody?) async -> Ending {
        guard client?.isWanted ?? true else {
            upstream.abandoned()
            return .left
        }
        client?.setPartner(self)
        defer { client?.clearPartner(self) }
        let earlier = upstream.attach(self)
        if let held = earlier.held { piece(held) }
        if let reason = earlier.failure { failed(reason) }
        if earlier.isEnded { ended() }
        if ending == nil { await withUnsafeContinuation { waiter = $0 } }
        let ending = ending ?? .broken
        if ending == .whole { upstream.taken() } else { upstream.abandoned() }
        return ending
    }

    func piece(_ bytes: ByteBuffer) {
        guard ending == nil else { return }
        let room = limit - count
        guard bytes.readableBytes > room else {
            count += bytes.readableBytes
            return take(bytes)
        }
        if let beginning = bytes.getSlice(at: bytes.readerIndex, length: room) { take(beginning) }
        count = limit
        finish(.full)
    }

    func flush() {}
    func ended() { finish(.whole) }
    func failed(_ reason: GateError) { finish(.broken) }
    func abandoned() { finish(.left) }

    // What is taken in is bounded, however slow the client is.
    func pause() {}
    func resume() {}

    private func finish(_ ending: Ending) {
        guard self.ending == nil else { return }
        self.ending = ending
        let waiter = waiter
        self.waiter = nil
        waiter?.resume()
    }
}
