import Synchronization

/// Lets one operation through at a time, in the order they came. An actor alone does not: at each `await` another of its
/// operations may begin.
final class Turn: Sendable {
    private struct State {
        var isTaken = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    func take() async {
        await withCheckedContinuation { (wake: CheckedContinuation<Void, Never>) in
            let isMine = state.withLock { state in
                if state.isTaken {
                    state.waiters.append(wake)
                    return false
                }
                state.isTaken = true
                return true
            }
            if isMine { wake.resume() }
        }
    }

    func give() {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            if state.waiters.isEmpty {
                state.isTaken = false
                return nil
            }
            return state.waiters.removeFirst()
        }
        next?.resume()
    }
}
