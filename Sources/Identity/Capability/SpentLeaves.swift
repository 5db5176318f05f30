import OstiaryCore
import Synchronization

/// The leaves that were presented, where each is good once: by hash, until the first token of its chain expires.
///
/// Bounded; when it is full of leaves that have not expired, newcomers are refused, as forgetting one would let it be
/// used again. Kept in groups by the minute in which they end, so that what is over goes at once.
final class SpentLeaves: Sendable {
    /// What became of a leaf.
    enum Outcome {
        case fresh, spent, full
    }

    private struct State {
        var groups: [Int: Set<NucHash>] = [:]
        var count = 0
        var sweptBefore = Int.min
    }

    let capacity: Int
    private let state = Mutex(State())

    init(capacity: Int) {
        self.capacity = capacity
    }

    /// Enters a leaf.
    /// - Parameter ends: when its chain ends, in whole seconds; one leaf always has the same.
    func enter(_ hash: NucHash, ends: Int, now: UnixTime) -> Outcome {
        let group = ends / 60
        let current = Int(now.seconds / 60)
        return state.withLock { state in
            if state.sweptBefore < current {
                for over in state.groups.keys.filter({ $0 < current }) {
                    state.count -= state.groups.removeValue(forKey: over)?.count ?? 0
                }
                state.sweptBefore = current
            }
            if state.groups[group]?.contains(hash) == true { return .spent }
            guard state.count < capacity else { return .full }
            state.groups[group, default: []].insert(hash)
            state.count += 1
            return .fresh
        }
    }

    var count: Int { state.withLock { $0.count } }
}
