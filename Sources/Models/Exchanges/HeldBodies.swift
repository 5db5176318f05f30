public import OstiaryCore
import Synchronization

/// The memory that bodies may take while the gate holds them back, all requests together.
///
/// A request's body streams on as soon as its model is known; one that names its model last has to be held, and so has
/// an event of an answer until it is whole. When the share is used up, further long bodies are refused with 503, and
/// streams with further long events cut, rather than taken into memory.
public final class HeldBodies: Sendable {
    /// What every request may hold without asking, in bytes.
    public static let free = 64 * 1024

    private let limit: Int
    private let held = Atomic<Int>(0)
    private let refused = Counter()

    /// - Parameter limit: bytes in all, beyond the free share of each request.
    public init(limit: Int = 256 * 1024 * 1024) {
        self.limit = limit
    }

    /// One request's part; given back when the request no longer needs its body.
    final class Share: Sendable {
        private let owner: HeldBodies
        private let bytes = Atomic<Int>(0)

        init(of owner: HeldBodies) {
            self.owner = owner
        }

        /// Makes the share as large as `count` bytes.
        /// - Throws: `.overloaded` when the rest of the gate holds too much already.
        func grow(to count: Int) throws(GateError) {
            let more = count - bytes.load(ordering: .relaxed)
            guard more > 0 else { return }
            guard owner.held.wrappingAdd(more, ordering: .relaxed).newValue <= owner.limit else {
                owner.held.wrappingSubtract(more, ordering: .relaxed)
                owner.refused.increment()
                throw GateError(.overloaded, cause: "held_bodies_full")
            }
            bytes.wrappingAdd(more, ordering: .relaxed)
        }

        deinit {
            owner.held.wrappingSubtract(bytes.load(ordering: .relaxed), ordering: .relaxed)
        }
    }

    public var current: Int { held.load(ordering: .relaxed) }

    public var instruments: [Instrument] {
        [
            Instrument(
                "gw_held_body_bytes",
                .gauge,
                "Bytes of requests held until their model is known, and of events until they are whole."
            ) { [self] in
                Double(current)
            },
            Instrument("gw_held_body_bytes_limit", .gauge, "The most bytes that may be held.") { [limit] in
                Double(limit)
            },
            Instrument(
                "gw_held_bodies_refused_total",
                .counter,
                "Requests and streams refused because that bound was reached."
            ) {
                [self] in Double(refused.current)
            },
        ]
    }
}
