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

    private struct State {
        var waiting: [UInt8] = []
        var droppedSinceDrain = 0
    }

    private let state = Mutex(State())
    let dropped = Counter()

    func append(_ line: [UInt8]) -> Signal {
        state.withLock { state in
            let before = state.waiting.count
            guard before + line.count <= Self.limit else {
                state.droppedSinceDrain += 1
                dropped.increment()
                return .none
            }
            state.waiting.append(contentsOf: line)
            if before < Self.urgentSize && state.waiting.count >= Self.urgentSize { return .urgent }
            return before == 0 ? .first : .none
        }
    }

    /// Takes everything out, with the number of lines dropped since the last time.
    func drain() -> (bytes: [UInt8], dropped: Int) {
        state.withLock { state in
            let result = (state.waiting, state.droppedSinceDrain)
            state = State()
            return result
        }
    }

    var fill: Int { state.withLock { $0.waiting.count } }
}
