import OstiaryCore
import Synchronization

/// How many connections a door has and from whom, what it counts, and its limits.
final class DoorBooks: Sendable {
    /// Limits that stay where they are, so that connections can look at them without a lock.
    private final class Posted: Sendable {
        let limits: EdgeLimits

        init(_ limits: EdgeLimits) {
            self.limits = limits
        }
    }

    private let current: Atomic<Unmanaged<Posted>>
    // Holds all limits that there have been, since a loop may be looking at any of them. It grows with an operator's
    // changes of them, and those that come back are posted again.
    private let posted: Mutex<[Posted]>
    private let open = Atomic<Int>(0)
    private let perPeer = Mutex<[Peer: Int]>([:])
    let requests = Counter()
    let refusedConnections = Counter()
    let acceptPauses = Counter()
    let brokenHeads = Counter()
    let unanswered = Counter()
    let strangers = Counter()
    let reachedLimits = EdgeLimit.allCases.map { _ in Counter() }
    let http2 = HTTP2Figures()
    let tls = TLSFigures()

    init(limits: EdgeLimits) {
        let first = Posted(limits)
        current = Atomic(Unmanaged.passUnretained(first))
        posted = Mutex([first])
    }

    var limits: EdgeLimits {
        // Kept alive by `posted` for as long as the books are.
        current.load(ordering: .acquiring)._withUnsafeGuaranteedRef { $0.limits }
    }

    func change(to limits: EdgeLimits) {
        posted.withLock { posted in
            let next = posted.first { $0.limits == limits } ?? Posted(limits)
            if !posted.contains(where: { $0 === next }) { posted.append(next) }
            current.store(Unmanaged.passUnretained(next), ordering: .releasing)
        }
    }

    var openConnections: Int { open.load(ordering: .relaxed) }

    /// Takes a connection in, unless the door is full or this peer has its share.
    func admit(_ peer: Peer) -> Bool {
        let limits = limits
        guard open.wrappingAdd(1, ordering: .relaxed).newValue <= limits.connections else {
            open.wrappingSubtract(1, ordering: .relaxed)
            refusedConnections.increment()
            reached(.connections)
            return false
        }
        let isWithinShare = perPeer.withLock { peers in
            let count = peers[peer, default: 0]
            guard count < limits.connectionsPerPeer else { return false }
            peers[peer] = count + 1
            return true
        }
        if !isWithinShare {
            open.wrappingSubtract(1, ordering: .relaxed)
            refusedConnections.increment()
            reached(.connectionsPerPeer)
        }
        return isWithinShare
    }

    /// Counts that a client ran into a bound.
    func reached(_ limit: EdgeLimit) {
        guard let index = EdgeLimit.allCases.firstIndex(of: limit) else { return }
        reachedLimits[index].increment()
    }

    func release(_ peer: Peer) {
        open.wrappingSubtract(1, ordering: .relaxed)
        perPeer.withLock { peers in
            guard let count = peers[peer] else { return }
            peers[peer] = count > 1 ? count - 1 : nil
        }
    }
}
