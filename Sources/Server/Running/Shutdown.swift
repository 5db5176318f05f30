import OstiaryCore
import OstiaryJournal

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// How the gate ends: `/health` turns to 503 and every answer closes its connection; a second later the listening sockets
/// and idle connections close; answers in flight get the grace time, and what is left then is cut, not ended. A second
/// signal cuts at once.
struct Shutdown: Sendable {
    let gate: Gate
    /// Seconds that answers in flight get; as the configuration in force says where nothing is given.
    var grace: Double?
    let clock: any GateClock
    /// Seconds that the listening socket stays open, so that balancers see `/health` before connections are refused, and
    /// that idle connections stay, so that clients learn of it by an answer and not by a request that is lost.
    static let farewell = 1.0
    /// Seconds after which nobody is waited for who is connected and asks for nothing.
    private static let lastCall = 2.5
    /// Seconds that the entries of cut answers get to be written.
    private static let lastWords = 0.5
    private static let glance = 0.05
    /// Seconds after which a gate that should have ended is ended by force, so that it is gone within two.
    private static let patience = 1.9

    /// The signals that end a gate. They are heard from before the doors open: whoever has had an answer may end it.
    static func signals() -> Signals { Signals([SIGTERM, SIGINT]) }

    /// Ends a process that has not come to open its doors when a second signal comes.
    static func endingStart(at signals: Signals) -> Task<Void, Never> {
        Task.detached {
            await signals.wait(for: 2)
            guard !Task.isCancelled, signals.count > 1 else { return }
            _exit(70)
        }
    }

    /// Returns when one of the signals has come and the gate has ended.
    /// - Parameter begins: called when it has come.
    func end(at signals: Signals, _ begins: () -> Void) async {
        await signals.wait(for: 1)
        begins()
        let grace = grace ?? gate.configuration.shutdown.grace
        gate.rooms.journal.event(.info, "shutting down", ["in_flight": "\(gate.inFlight)"])
        let watches = [
            Task.detached { await force(after: max(grace, Self.farewell) + Self.patience) },
            Task.detached {
                await signals.wait(for: 2)
                await force(after: Self.patience)
            },
        ]
        await end { signals.count > 1 }
        for watch in watches { watch.cancel() }
        signals.stop()
    }

    /// Ends the process, whatever holds it up.
    private func force(after seconds: Double) async {
        guard (try? await clock.sleep(seconds: seconds)) != nil, !Task.isCancelled else { return }
        _exit(70)
    }

    /// Ends the gate.
    /// - Parameter isUrgent: whether to cut at once.
    func end(isUrgent: @Sendable () -> Bool) async {
        let grace = grace ?? gate.configuration.shutdown.grace
        await gate.beginShutdown()
        let started = clock.monotonic
        while !isUrgent(), clock.monotonic.seconds(since: started) < Self.farewell {
            if (try? await clock.sleep(seconds: Self.glance)) == nil { break }
        }
        await gate.stopAccepting()
        gate.closeIdle()
        var quietSince = clock.monotonic
        while gate.isConnected, !isUrgent(), clock.monotonic.seconds(since: started) < grace {
            // Who was let in as one of the last, or has just had an answer to its end, may be sending a request; such
            // connections end by themselves.
            if gate.inFlight > 0 { quietSince = clock.monotonic }
            if clock.monotonic.seconds(since: quietSince) >= Self.lastCall { break }
            if (try? await clock.sleep(seconds: Self.glance)) == nil { break }
        }
        if gate.inFlight > 0 {
            gate.rooms.journal.event(.warning, "answers were cut", ["count": "\(gate.inFlight)"])
            gate.cut()
            // The cut's entries are written by the loops; they get a moment before the loops end.
            let cutAt = clock.monotonic
            while gate.inFlight > 0, clock.monotonic.seconds(since: cutAt) < Self.lastWords {
                if (try? await clock.sleep(seconds: Self.glance)) == nil { break }
            }
        }
        await gate.close()
    }
}
