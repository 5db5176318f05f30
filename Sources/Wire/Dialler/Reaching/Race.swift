import NIOCore
import OstiaryCore

/// Tries a host's addresses until one takes the connection: each has a head start over the next, and one that refuses
/// makes way at once (RFC 8305 section 5).
final class Race: Watched, Partner {
    enum Ending {
        case won(Dialler.Reached)
        /// Every address refused.
        case refused
        case late
        /// The client has left.
        case left
        case broken(GateError)
    }

    /// Seconds.
    static let headStart = 0.25

    private let worker: Worker
    private let pool: Dialler.Pool
    /// The next one last.
    private var waiting: [SocketAddress]
    private let end: MonotonicTime
    private(set) var deadline: MonotonicTime
    var watchIndex = -1
    private var running = 0
    private var attempts: [Connecting] = []
    private let settlement = Settlement<Ending>()

    init(_ worker: Worker, _ pool: Dialler.Pool, to places: [SocketAddress], until end: MonotonicTime) {
        self.worker = worker
        self.pool = pool
        waiting = places.reversed()
        self.end = end
        deadline = end
    }

    func run(for client: RequestBody?) async -> Ending {
        worker.watch(self)
        client?.setPartner(self)
        startNext()
        await settlement.wait()
        client?.clearPartner(self)
        worker.unwatch(self)
        return settlement.ending ?? .refused
    }

    private func startNext() {
        guard !settlement.isSettled else { return }
        guard let place = waiting.popLast() else {
            deadline = end
            if running == 0 { finish(.refused) }
            return
        }
        let now = worker.clock.monotonic
        deadline = waiting.isEmpty ? end : min(end, now.advanced(bySeconds: Self.headStart))
        running += 1
        do throws(GateError) {
            let attempt = try worker.dialler.open(place, pool, until: end) { [self] connection in
                ended(connection)
            }
            if let attempt { attempts.append(attempt) }
        } catch {
            finish(.broken(error))
        }
    }

    private func ended(_ connection: Dialler.Reached?) {
        running -= 1
        guard let connection else { return startNext() }
        if settlement.isSettled { connection.giveUp() } else { finish(.won(connection)) }
    }

    func deadlinePassed(_ now: MonotonicTime) {
        if now >= end { finish(.late) } else { startNext() }
    }

    func abandoned() { finish(.left) }
    func pause() {}
    func resume() {}

    private func finish(_ ending: Ending) {
        let attempts = attempts
        self.attempts = []
        guard settlement.settle(ending) else { return }
        for attempt in attempts { attempt.giveUp() }
    }
}
