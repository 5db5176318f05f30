import OstiaryCore

/// A connection that is being made for whoever will want it: to a provider that is known to speak HTTP/2, one is made
/// at a time, and it is given up only by its own deadlines, not because one of those who wait has left.
final class SharedDial {
    enum Ending {
        case made
        case failed(GateError)
        /// The client has left.
        case left
    }

    private var ending: Ending?
    private var waiters: [Waiting] = []

    /// Waits for the end.
    func run(for client: RequestBody?) async -> Ending {
        if let ending { return ending }
        guard client?.isWanted ?? true else { return .left }
        let waiting = Waiting()
        waiters.append(waiting)
        client?.setPartner(waiting)
        defer { client?.clearPartner(waiting) }
        return await waiting.run()
    }

    func finish(_ ending: Ending) {
        guard self.ending == nil else { return }
        self.ending = ending
        let waiters = waiters
        self.waiters = []
        for waiting in waiters { waiting.finish(ending) }
    }

    /// One of those who wait.
    private final class Waiting: Partner {
        private let settlement = Settlement<Ending>()

        func run() async -> Ending {
            await settlement.wait()
            return settlement.ending ?? .left
        }

        func finish(_ ending: Ending) { settlement.settle(ending) }

        func abandoned() { finish(.left) }
        func pause() {}
        func resume() {}
    }
}
