import Synchronization

/// What other threads ask of a loop. One wake is enough for all that comes before the loop looks.
final class Inbox: Sendable {
    enum Answer {
        case taken
        /// Taken, and the loop does not know of it yet.
        case takenFirst
        /// The loop has ended; nobody will do it.
        case refused
    }

    private struct State {
        var items: ContiguousArray<Work> = []
        var isClosed = false
    }

    private let state = Mutex(State())

    func put(_ work: Work) -> Answer {
        state.withLock { state in
            guard !state.isClosed else { return .refused }
            state.items.append(work)
            return state.items.count == 1 ? .takenFirst : .taken
        }
    }

    /// All that has come since it was asked last.
    func take() -> ContiguousArray<Work> {
        state.withLock { state in
            let items = state.items
            state.items = []
            return items
        }
    }

    /// Takes nothing any more; returns what has come until now.
    func close() -> ContiguousArray<Work> {
        state.withLock { state in
            state.isClosed = true
            let items = state.items
            state.items = []
            return items
        }
    }
}
