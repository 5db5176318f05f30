public import OstiaryCore
import Synchronization

/// A clock that moves only when a test says so. Sleepers wake when it passes their time.
public final class ManualClock: GateClock {
    private struct State {
        var now: UnixTime
        var monotonic = MonotonicTime(nanoseconds: 1_000_000_000)
        var sleepers: [(id: Int, until: MonotonicTime, wake: CheckedContinuation<Void, any Error>)] = []
        var nextSleeper = 0
    }

    private let state: Mutex<State>

    public init(now: Double = 1_800_000_000) {
        state = Mutex(State(now: UnixTime(seconds: now)))
    }

    public var now: UnixTime { state.withLock { $0.now } }
    public var monotonic: MonotonicTime { state.withLock { $0.monotonic } }
    /// How many tasks sleep now.
    public var sleeping: Int { state.withLock { $0.sleepers.count } }

    /// Whether a task sleeps that will wake in so many seconds.
    public func hasSleeper(for seconds: Double) -> Bool {
        state.withLock { state in
            state.sleepers.contains { abs($0.until.seconds(since: state.monotonic) - seconds) < 1e-6 }
        }
    }

    /// Moves both clocks forward.
    public func advance(_ seconds: Double) {
        let due = state.withLock { state in
            state.now = state.now + seconds
            state.monotonic = state.monotonic.advanced(bySeconds: seconds)
            let due = state.sleepers.filter { $0.until <= state.monotonic }
            state.sleepers.removeAll { $0.until <= state.monotonic }
            return due
        }
        for sleeper in due { sleeper.wake.resume() }
    }

    /// Sets the wall clock alone, also backwards.
    public func setWall(_ seconds: Double) {
        state.withLock { $0.now = UnixTime(seconds: seconds) }
    }

    public func sleep(seconds: Double) async throws {
        let id = state.withLock { state in
            state.nextSleeper += 1
            return state.nextSleeper
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (wake: CheckedContinuation<Void, any Error>) in
                let cancelled = state.withLock { state in
                    if Task.isCancelled { return true }
                    state.sleepers.append((id, state.monotonic.advanced(bySeconds: seconds), wake))
                    return false
                }
                if cancelled { wake.resume(throwing: CancellationError()) }
            }
        } onCancel: {
            let sleeper = state.withLock { state in
                let found = state.sleepers.first { $0.id == id }
                state.sleepers.removeAll { $0.id == id }
                return found
            }
            sleeper?.wake.resume(throwing: CancellationError())
        }
    }
}
