import Crypto
public import OstiaryCore
import Synchronization

/// Remembers what may be presented once: the `jti` of assertions and proofs, each until it could not be used anyway.
///
/// A store that is shared by several nodes makes the check and the entry one atomic step. A store that cannot answer
/// throws, and the caller refuses.
public protocol ReplayStore: Sendable {
    /// Enters `token`; `false` when it was there already.
    /// - Parameters:
    ///   - until: when the entry may be forgotten.
    ///   - now: the time by which older entries are over.
    func enter(_ token: ReplayIdentity, until: UnixTime, now: UnixTime) async throws(ReplayStoreFault) -> Bool
}

/// Why a replay store could not answer.
public enum ReplayStoreFault: Error, Sendable {
    /// It holds as many live entries as it may.
    case full
    case unavailable
}

/// What a presented token is known by: a SHA-256 over its kind, who may choose its `jti`, and the `jti`. Never its
/// bytes or signature, which the sender can spell in a second way.
public struct ReplayIdentity: Hashable, Sendable {
    public let bytes: [UInt8]

    init(kind: StaticString, owner: String, id: String) {
        var hash = SHA256()
        // Lengths in front, so that no two different triples are the same bytes.
        for part in ["\(kind)", owner, id] {
            hash.update(data: Array("\(part.utf8.count):".utf8))
            hash.update(data: Array(part.utf8))
        }
        bytes = Array(hash.finalize())
    }
}

/// A replay store in this process's memory, for a gate that runs alone.
///
/// Bounded: when full of live entries it throws, as forgetting one would let it be replayed.
public final class MemoryReplayStore: ReplayStore {
    private let capacity: Int
    private let entries = Mutex<[ReplayIdentity: UnixTime]>([:])
    private let fill = Gauge()

    public init(capacity: Int = 100_000) {
        self.capacity = capacity
    }

    public func enter(_ token: ReplayIdentity, until: UnixTime, now: UnixTime) async throws(ReplayStoreFault) -> Bool {
        let entered: Bool? = entries.withLock { entries in
            if let end = entries[token], now < end { return false }
            if entries.count >= capacity {
                entries = entries.filter { now < $0.value }
                if entries.count >= capacity { return nil }
            }
            entries[token] = until
            fill.set(Int64(entries.count))
            return true
        }
        guard let entered else { throw .full }
        return entered
    }

    public var instruments: [Instrument] {
        [
            Instrument("gw_replay_entries", .gauge, "Presented assertions and proofs remembered now.") { [fill] in
                Double(fill.current)
            },
            Instrument("gw_replay_capacity", .gauge, "Presented assertions and proofs that can be remembered.") {
                [capacity] in Double(capacity)
            },
        ]
    }
}

/// Enters a token or says why it is refused.
func enterOnce(
    _ token: ReplayIdentity,
    until: UnixTime,
    now: UnixTime,
    in store: any ReplayStore
) async throws(TokenFault) {
    let fresh: Bool
    do throws(ReplayStoreFault) {
        fresh = try await store.enter(token, until: until, now: now)
    } catch {
        throw .replayStore
    }
    guard fresh else { throw .replay }
}
