public import OstiaryCore
import Synchronization

/// What all connections of one door share: how many there are, and whether the door is closing.
public final class Door: Sendable {
    public let limits: EdgeLimits
    private let open = Atomic<Int>(0)
    private let perPeer = Mutex<[Peer: Int]>([:])
    private let draining = Atomic<Bool>(false)
    public let requests = Counter()
    public let refusedConnections = Counter()
    /// Times that the system had no descriptor or no memory for a connection.
    public let acceptPauses = Counter()
    public let brokenHeads = Counter()
    public let unanswered = Counter()
    private let reachedLimits = EdgeLimit.allCases.map { _ in Counter() }
    /// What the connections that speak HTTP/2 count.
    let http2 = HTTP2Figures()

    public init(limits: EdgeLimits) {
        self.limits = limits
    }

    /// Whether the gate is shutting down: no connection is kept after its exchange.
    public var isDraining: Bool { draining.load(ordering: .relaxed) }
    public var openConnections: Int { open.load(ordering: .relaxed) }

    func beginDraining() { draining.store(true, ordering: .relaxed) }

    /// Takes a connection in, unless the door is full or this peer has its share.
    func admit(_ peer: Peer) -> Bool {
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

    /// Counts a message that was refused for its form.
    func note(_ fault: HeadFault) {
        brokenHeads.increment()
        if let limit = fault.limit { reached(limit) }
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

    /// The door's numbers for the operator; `door` is `public` or `admin`.
    public func instruments(door: String) -> [Instrument] {
        let labels = [(name: "door", value: door)]
        return [
            Instrument("gw_edge_connections", .gauge, "Open client connections.", labels: labels) { [self] in
                Double(openConnections)
            },
            Instrument("gw_edge_connections_limit", .gauge, "The most client connections.", labels: labels) { [self] in
                Double(limits.connections)
            },
            Instrument(
                "gw_edge_connections_refused_total",
                .counter,
                "Connections refused because a bound was reached.",
                labels: labels
            ) { [self] in Double(refusedConnections.current) },
            Instrument(
                "gw_edge_accept_pauses_total",
                .counter,
                "Times that no connection was taken in for 100 ms, as the system had no room for one.",
                labels: labels
            ) { [self] in Double(acceptPauses.current) },
            Instrument("gw_edge_requests_total", .counter, "Request heads read.", labels: labels) { [self] in
                Double(requests.current)
            },
            Instrument(
                "gw_edge_broken_heads_total",
                .counter,
                "Heads and bodies refused for their form.",
                labels: labels
            ) { [self] in Double(brokenHeads.current) },
            Instrument(
                "gw_edge_unanswered_total",
                .counter,
                "Requests that a fault of the gate left without an answer.",
                labels: labels
            ) { [self] in Double(unanswered.current) },
        ]
            + zip(EdgeLimit.allCases, reachedLimits).map { limit, counter in
                Instrument(
                    "gw_edge_limit_reached_total",
                    .counter,
                    "How often a client ran into a bound of the edge.",
                    labels: labels + [(name: "limit", value: limit.rawValue)]
                ) { Double(counter.current) }
            } + http2.instruments(labels)
    }
}
