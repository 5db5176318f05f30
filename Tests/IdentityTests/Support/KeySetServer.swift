import OstiaryCore
import Synchronization

/// A key-set server that does what the test says, and counts.
final class KeySetServer: Fetcher {
    enum Mode: Sendable {
        case document([UInt8], maxAge: Int? = nil)
        case failure(FetchFailure)
        /// Answers only when `release` is called.
        case hang
    }

    private struct State {
        var mode: Mode
        var fetches = 0
        var held: [CheckedContinuation<Void, Never>] = []
    }

    private let state: Mutex<State>

    init(_ mode: Mode) {
        state = Mutex(State(mode: mode))
    }

    var fetches: Int { state.withLock { $0.fetches } }
    var held: Int { state.withLock { $0.held.count } }

    func now(_ mode: Mode) {
        state.withLock { $0.mode = mode }
    }

    /// Lets those that hang go on, with `mode` as the answer.
    func release(_ mode: Mode) {
        let held = state.withLock { state in
            state.mode = mode
            defer { state.held = [] }
            return state.held
        }
        for fetch in held { fetch.resume() }
    }

    func get(_ url: String, limit: Int, seconds: Double) async throws(FetchFailure) -> FetchedDocument {
        let hangs = state.withLock { state in
            state.fetches += 1
            if case .hang = state.mode { return true }
            return false
        }
        if hangs {
            await withCheckedContinuation { fetch in state.withLock { $0.held.append(fetch) } }
        }
        switch state.withLock({ $0.mode }) {
        case .document(let body, let maxAge): return FetchedDocument(body: body, maxAge: maxAge)
        case .failure(let failure): throw failure
        case .hang: throw .timedOut
        }
    }
}

/// Lets other tasks run until `condition` holds; `false` when it never does.
func eventually(_ condition: () -> Bool) async -> Bool {
    for _ in 0..<1_000_000 {
        if condition() { return true }
        await Task.yield()
    }
    return false
}
