import OstiaryCore
import Synchronization

/// Lines on their way to the sink: 1 MiB at most. When it is full, new lines are dropped and counted; a request never
/// waits for the log.
final class LogBuffer: Sendable {
    /// What an append means for the thread that writes.
    enum Signal {
        /// Nothing to do: it is awake or will be soon.
        case none
        /// The first line after an empty buffer.
        case first
        /// Enough is waiting to write at once.
        case urgent
    }

    static let limit = 1 << 20
    static let urgentSize = 32 << 10

    private struct State: ~Copyable {
        var waiting = LineBytes(capacity: 2 * LogBuffer.urgentSize)
        var droppedSinceDrain = 0
    }

    private let state = Mutex(State())
    let dropped = Counter()

    /// Has a line written in place, behind those that wait.
    func append(_ write: (inout LineBytes) -> Void) -> Signal {
        state.withLock { state in
            let before = state.waiting.count
            write(&state.waiting)
            guard state.waiting.count <= Self.limit else {
                state.waiting.truncate(to: before)
                state.droppedSinceDrain += 1
                dropped.increment()
                return .none
            }
            if before < Self.urgentSize && state.waiting.count >= Self.urgentSize { return .urgent }
            return before == 0 ? .first : .none
        }
    }

    /// Takes everything out, with the number of lines dropped since the last time.
    func drain() -> (bytes: [UInt8], dropped: Int) {
        state.withLock { state in
            let result = (state.waiting.bytes, state.droppedSinceDrain)
            state.waiting.removeAll()
            state.droppedSinceDrain = 0
            return result
        }
    }

    var fill: Int { state.withLock { $0.waiting.count } }
}
