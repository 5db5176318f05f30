import NIOCore
import OstiaryCore

@testable import OstiaryWire

/// A service that waits until it is told to go on, then counts the body.
final class PausedService: @unchecked Sendable {
    // Used on the one thread of a test with an embedded loop.
    private var waiter: UnsafeContinuation<Void, Never>?
    private var isGoing = false
    private var isRefusing = false
    private let status: Int

    init(status: Int = 200) {
        self.status = status
    }

    func answer(_ worker: Worker, _ head: RequestHead, _ body: RequestBody, _ reply: consuming Reply) async {
        await wait()
        var count = 0
        if !isRefusing {
            while let piece = try? await body.next() { count += piece.readableBytes }
        }
        _ = reply.send(status: status, body: ByteBuffer(string: "\(count)"))
    }

    private func wait() async {
        if !isGoing { await withUnsafeContinuation { waiter = $0 } }
    }

    func go() {
        isGoing = true
        waiter?.resume()
        waiter = nil
    }

    func refuse() {
        isRefusing = true
        go()
    }
}
