import Synchronization

/// What other threads ask of a loop. One wake is enough for all that comes before the loop looks.
final class Inbox: Sendable {
    enum Answer {
        case taken
        /// Taken, and the loop does not know of it yet.
        case takenFirst
        /// Taken, and the loop has left: whoever asks stands in for it now, until there is nothing more to do.
        case takenByNobody
    }

    private struct State {
        var items: ContiguousArray<Work> = []
        /// Whether somebody looks: the loop, or who stands in for it.
        var isAttended = true
        var hasLoopLeft = false

        mutating func takeItems() -> ContiguousArray<Work> {
            defer { items = [] }
            return items
        }
    }

    private let state = Mutex(State())

    func put(_ work: Work) -> Answer {
        state.withLock { state in
            state.items.append(work)
            guard state.isAttended else {
                state.isAttended = true
                return .takenByNobody
            }
            return state.items.count == 1 && !state.hasLoopLeft ? .takenFirst : .taken
        }
    }

    /// All that has come since it was asked last.
    func take() -> ContiguousArray<Work> {
        state.withLock { $0.takeItems() }
    }

    /// All that has come; or, when there is nothing, `nil`, and nobody looks any more.
    func takeOrLeave() -> ContiguousArray<Work>? {
        state.withLock { state in
            state.hasLoopLeft = true
            guard state.items.isEmpty else { return state.takeItems() }
            state.isAttended = false
            return nil
        }
    }
}
