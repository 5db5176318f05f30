import OstiaryCore
import Synchronization

/// Which series may exist in this process: the first 2,000 that ask, and the first 64 routes. Whatever comes later
/// counts as `other`, so that no flood of names fills the memory of the gate or of its monitoring (SEC-603).
final class SeriesRegister: Sendable {
    static let seriesLimit = 2_000
    static let routeLimit = 64

    private struct State {
        var series: Set<SeriesKey> = []
        var routes: Set<String> = []
    }

    private let state = Mutex(State())
    /// Requests that were counted as `other`.
    let diverted = Counter()

    /// The key under which `key` counts.
    func admit(_ key: SeriesKey) -> SeriesKey {
        let isAdmitted = state.withLock { state in
            if state.series.contains(key) { return true }
            guard state.series.count < Self.seriesLimit else { return false }
            guard state.routes.contains(key.route) || state.routes.count < Self.routeLimit else { return false }
            state.series.insert(key)
            state.routes.insert(key.route)
            return true
        }
        if !isAdmitted { diverted.increment() }
        return isAdmitted ? key : key.other
    }

    var count: Int { state.withLock { $0.series.count } }
}
