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
    private let settlement = Settlement<Ending>()

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
        await settlement.wait()
        let ending = settlement.ending ?? .broken
        if ending == .whole { upstream.taken() } else { upstream.abandoned() }
        return ending
    }

    func piece(_ bytes: ByteBuffer) {
        guard !settlement.isSettled else { return }
        let room = limit - count
        guard bytes.readableBytes > room else {
            count += bytes.readableBytes
            return take(bytes)
        }
        if let beginning = bytes.getSlice(at: bytes.readerIndex, length: room) { take(beginning) }
        count = limit
        settlement.settle(.full)
    }

    func flush() {}
    func ended() { settlement.settle(.whole) }
    func failed(_ reason: GateError) { settlement.settle(.broken) }
    func abandoned() { settlement.settle(.left) }

    // What is taken in is bounded, however slow the client is.
    func pause() {}
    func resume() {}
}
