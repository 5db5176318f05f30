import Dispatch
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Counts signals instead of dying of them.
final class Signals: Sendable {
    private struct State {
        var count = 0
        var waiters: [(count: Int, wake: CheckedContinuation<Void, Never>)] = []
        var sources: [any DispatchSourceSignal] = []
        var isStopped = false
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

    /// Returns when this many have come, or `stop` was called.
    func wait(for count: Int) async {
        await withCheckedContinuation { wake in
            let isReached = state.withLock { state in
                if state.count >= count || state.isStopped { return true }
                state.waiters.append((count, wake))
                return false
            }
            if isReached { wake.resume() }
        }
    }

    func stop() {
        let waiters = state.withLock { state in
            for source in state.sources { source.cancel() }
            state.sources = []
            state.isStopped = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.wake.resume() }
    }

    var isStopped: Bool { state.withLock { $0.isStopped } }

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
