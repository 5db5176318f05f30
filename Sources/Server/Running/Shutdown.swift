import Dispatch
import OstiaryCore
import OstiaryJournal
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// How the gate ends: `/health` turns to 503, the listening socket stays a second for balancers, answers in flight get
/// the grace time, and what is left then is cut, not ended. A second signal cuts at once.
struct Shutdown: Sendable {
    let gate: Gate
    let grace: Double
    let clock: any GateClock
    /// Seconds that the listening socket stays open, so that balancers see `/health` before connections are refused.
    static let farewell = 1.0
    /// Seconds that the entries of cut answers get to be written.
    private static let lastWords = 0.5
    private static let glance = 0.05

    /// Returns when SIGTERM or SIGINT has come and the gate has ended.
    func awaitSignal() async {
        let signals = Signals([SIGTERM, SIGINT])
        await signals.wait(for: 1)
        gate.rooms.journal.event(.info, "shutting down", ["in_flight": "\(gate.inFlight)"])
        await end { signals.count > 1 }
        signals.stop()
    }

    /// Ends the gate.
    /// - Parameter isUrgent: whether to cut at once.
    func end(isUrgent: @Sendable () -> Bool) async {
        await gate.beginShutdown()
        let started = clock.monotonic
        while !isUrgent(), clock.monotonic.seconds(since: started) < Self.farewell {
            if (try? await clock.sleep(seconds: Self.glance)) == nil { break }
        }
        await gate.stopAccepting()
        while gate.inFlight > 0, !isUrgent(), clock.monotonic.seconds(since: started) < grace {
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

/// Counts signals instead of dying of them.
private final class Signals: Sendable {
    private struct State {
        var count = 0
        var waiters: [(count: Int, wake: CheckedContinuation<Void, Never>)] = []
        var sources: [any DispatchSourceSignal] = []
    }

    private let state = Mutex(State())

    init(_ numbers: [Int32]) {
        for number in numbers {
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { [weak self] in self?.arrived() }
            source.resume()
            let kept = SourceBox(source: source)
            state.withLock { $0.sources.append(kept.source) }
        }
    }

    var count: Int { state.withLock { $0.count } }

    func wait(for count: Int) async {
        await withCheckedContinuation { wake in
            let isReached = state.withLock { state in
                if state.count >= count { return true }
                state.waiters.append((count, wake))
                return false
            }
            if isReached { wake.resume() }
        }
    }

    func stop() {
        state.withLock { state in
            for source in state.sources { source.cancel() }
            state.sources = []
        }
    }

    private func arrived() {
        let due = state.withLock { state in
            state.count += 1
            let due = state.waiters.filter { $0.count <= state.count }
            state.waiters.removeAll { $0.count <= state.count }
            return due
        }
        for waiter in due { waiter.wake.resume() }
    }

    /// A dispatch source may be used from any thread (Dispatch's own promise); its protocol does not say so.
    private struct SourceBox: @unchecked Sendable {
        let source: any DispatchSourceSignal
    }
}
