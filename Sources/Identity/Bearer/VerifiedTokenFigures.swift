import OstiaryCore
import Synchronization

/// What the memories of verified tokens count, all loops together.
///
/// Each loop counts for itself, since a number that two cores write for every request costs more than the look-up.
final class VerifiedTokenFigures: Sendable {
    private struct State {
        var open: [VerifiedTokenTally] = []
        /// What closed memories have counted; what was counted once is never taken back.
        var closed = Sum()
    }

    private struct Sum {
        var hits: Int64 = 0
        var evictions: Int64 = 0
        var entries: Int64 = 0
        var bytes: Int64 = 0
        var capacity: Int64 = 0
        var byteCapacity: Int64 = 0
    }

    private let state = Mutex(State())
    /// Tokens that went to the verifier.
    let misses = Counter()

    func open(capacity: Int, bytes: Int) -> VerifiedTokenTally {
        let tally = VerifiedTokenTally(capacity: Int64(capacity), bytes: Int64(bytes))
        state.withLock { $0.open.append(tally) }
        return tally
    }

    func close(_ tally: VerifiedTokenTally) {
        state.withLock { state in
            state.open.removeAll { $0 === tally }
            state.closed.hits += tally.hits
            state.closed.evictions += tally.evictions
        }
    }

    private var sum: Sum {
        state.withLock { state in
            state.open.reduce(into: state.closed) { sum, tally in
                sum.hits += tally.hits
                sum.evictions += tally.evictions
                sum.entries += tally.entries
                sum.bytes += tally.bytes
                sum.capacity += tally.capacity
                sum.byteCapacity += tally.byteCapacity
            }
        }
    }

    /// Calls that were known at once.
    var hits: Int64 { sum.hits }

    var instruments: [Instrument] {
        func instrument(
            _ name: String,
            _ kind: Instrument.Kind,
            _ help: String,
            _ number: @escaping @Sendable (Sum) -> Int64
        ) -> Instrument {
            Instrument("gw_token_cache_" + name, kind, help) { [self] in Double(number(sum)) }
        }
        return [
            instrument("hits_total", .counter, "Calls whose token was verified before.") { $0.hits },
            Instrument("gw_token_cache_misses_total", .counter, "Calls whose token had to be verified.") {
                [misses] in Double(misses.current)
            },
            instrument("evictions_total", .counter, "Verified tokens forgotten for want of room.") { $0.evictions },
            instrument("entries", .gauge, "Verified tokens remembered now.") { $0.entries },
            instrument("capacity", .gauge, "Verified tokens that can be remembered.") { $0.capacity },
            instrument("bytes", .gauge, "Bytes of the verified tokens remembered now.") { $0.bytes },
            instrument("bytes_capacity", .gauge, "Bytes of verified tokens that can be remembered.") {
                $0.byteCapacity
            },
        ]
    }
}

/// What one loop's memory counts. Written by that loop alone and read by anyone, so a plain load and store do and no
/// core waits for another.
final class VerifiedTokenTally: Sendable {
    let capacity: Int64
    let byteCapacity: Int64
    private let hitCount = Atomic<Int64>(0)
    private let evictionCount = Atomic<Int64>(0)
    private let entryCount = Atomic<Int64>(0)
    private let byteCount = Atomic<Int64>(0)

    init(capacity: Int64, bytes: Int64) {
        self.capacity = capacity
        byteCapacity = bytes
    }

    func hit() {
        hitCount.store(hitCount.load(ordering: .relaxed) &+ 1, ordering: .relaxed)
    }

    func eviction() {
        evictionCount.store(evictionCount.load(ordering: .relaxed) &+ 1, ordering: .relaxed)
    }

    func entries(_ count: Int, bytes: Int) {
        entryCount.store(Int64(count), ordering: .relaxed)
        byteCount.store(Int64(bytes), ordering: .relaxed)
    }

    var hits: Int64 { hitCount.load(ordering: .relaxed) }
    var evictions: Int64 { evictionCount.load(ordering: .relaxed) }
    var entries: Int64 { entryCount.load(ordering: .relaxed) }
    var bytes: Int64 { byteCount.load(ordering: .relaxed) }
}
