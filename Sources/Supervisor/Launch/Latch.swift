import Synchronization

/// A value that is set once and waited for by many.
final class Latch<Value: Sendable>: Sendable {
    private struct State {
        var value: Value?
        var waiters: [(id: Int, wake: CheckedContinuation<Value?, Never>)] = []
        var nextWaiter = 0
    }

    private let state = Mutex(State())

    var value: Value? { state.withLock { $0.value } }

    /// Sets the value; a second one is ignored.
    func set(_ value: Value) {
        let waiters = state.withLock { state in
            guard state.value == nil else { return [(id: Int, wake: CheckedContinuation<Value?, Never>)]() }
            state.value = value
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.wake.resume(returning: value) }
    }

    /// The value once it is there, or `nil` when the task is cancelled first.
    func wait() async -> Value? {
        let id = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { (wake: CheckedContinuation<Value?, Never>) in
                let now: Value?? = state.withLock { state in
                    if let value = state.value { return .some(value) }
                    if Task.isCancelled { return .some(nil) }
                    state.waiters.append((id, wake))
                    return nil
                }
                if let now { wake.resume(returning: now) }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                let found = state.waiters.first { $0.id == id }
                state.waiters.removeAll { $0.id == id }
                return found
            }
            waiter?.wake.resume(returning: nil)
        }
    }
}
