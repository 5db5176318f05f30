public import OstiaryCore
import Synchronization

/// What all connections that came in by one listening socket share: whether it is closing, and the books of the door.
///
/// A door that moves to another address gets another instance; the books go with it, so that its bounds hold for the
/// connections of both.
public final class Door: Sendable {
    let books: DoorBooks
    private let own = Atomic<Int>(0)
    private let draining = Atomic<Bool>(false)

    public init(limits: EdgeLimits) {
        books = DoorBooks(limits: limits)
    }

    /// The same door at another address.
    public init(movedFrom former: Door) {
        books = former.books
    }

    /// What clients may take of the door now.
    public var limits: EdgeLimits { books.limits }
    /// Other limits, for what happens from now on; connections that are open stay open.
    public func change(to limits: EdgeLimits) { books.change(to: limits) }

    /// Whether no connection is kept after its exchange: the gate is shutting down, or the door has moved.
    public var isDraining: Bool { draining.load(ordering: .relaxed) }
    /// Connections at all addresses of the door.
    public var openConnections: Int { books.openConnections }
    /// Connections that came in here.
    public var ownConnections: Int { own.load(ordering: .relaxed) }

    public var requests: Counter { books.requests }
    public var refusedConnections: Counter { books.refusedConnections }
    public var brokenHeads: Counter { books.brokenHeads }
    public var unanswered: Counter { books.unanswered }
    /// Connections by a socket file from processes of other users, which were closed at once.
    public var strangers: Counter { books.strangers }
    /// Times that the system had no descriptor or no memory for a connection.
    public var acceptPauses: Counter { books.acceptPauses }
    /// What the connections that speak HTTP/2 count.
    var http2: HTTP2Figures { books.http2 }

    func beginDraining() { draining.store(true, ordering: .relaxed) }

    /// Takes a connection in, unless the door is full or this peer has its share.
    func admit(_ peer: Peer) -> Bool {
        guard books.admit(peer) else { return false }
        own.wrappingAdd(1, ordering: .relaxed)
        return true
    }

    /// Counts a message that was refused for its form.
    func note(_ fault: HeadFault) {
        brokenHeads.increment()
        if let limit = fault.limit { reached(limit) }
    }

    /// Counts that a client ran into a bound.
    func reached(_ limit: EdgeLimit) { books.reached(limit) }

    func release(_ peer: Peer) {
        own.wrappingSubtract(1, ordering: .relaxed)
        books.release(peer)
    }

    /// The door's numbers for the operator; `door` is `public` or `admin`.
    public func instruments(door: String) -> [Instrument] {
        let labels = [(name: "door", value: door)]
        return [
            Instrument("gw_edge_connections", .gauge, "Open client connections.", labels: labels) { [books] in
                Double(books.openConnections)
            },
            Instrument("gw_edge_connections_limit", .gauge, "The most client connections.", labels: labels) { [books] in
                Double(books.limits.connections)
            },
            Instrument(
                "gw_edge_connections_refused_total",
                .counter,
                "Connections refused because a bound was reached.",
                labels: labels
            ) { [books] in Double(books.refusedConnections.current) },
            Instrument(
                "gw_edge_accept_pauses_total",
                .counter,
                "Times that no connection was taken in for 100 ms, as the system had no room for one.",
                labels: labels
            ) { [books] in Double(books.acceptPauses.current) },
            Instrument(
                "gw_edge_strangers_total",
                .counter,
                "Connections by the socket file from processes of other users, closed at once.",
                labels: labels
            ) { [books] in Double(books.strangers.current) },
            Instrument("gw_edge_requests_total", .counter, "Request heads read.", labels: labels) { [books] in
                Double(books.requests.current)
            },
            Instrument(
                "gw_edge_broken_heads_total",
                .counter,
                "Heads and bodies refused for their form.",
                labels: labels
            ) { [books] in Double(books.brokenHeads.current) },
            Instrument(
                "gw_edge_unanswered_total",
                .counter,
                "Requests that a fault of the gate left without an answer.",
                labels: labels
            ) { [books] in Double(books.unanswered.current) },
        ]
            + zip(EdgeLimit.allCases, books.reachedLimits).map { limit, counter in
                Instrument(
                    "gw_edge_limit_reached_total",
                    .counter,
                    "How often a client ran into a bound of the edge.",
                    labels: labels + [(name: "limit", value: limit.rawValue)]
                ) { Double(counter.current) }
            }
    }

    /// What only a door has that may speak TLS.
    public func secureInstruments(door: String) -> [Instrument] {
        let labels = [(name: "door", value: door)]
        return books.http2.instruments(of: .clients, labels) + books.tls.instruments(labels)
    }
}
