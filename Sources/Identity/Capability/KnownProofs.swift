import OstiaryCore
import Synchronization

/// Proofs whose signatures were verified, so that a request costs one signature check: everything but the leaf is the same
/// from one request to the next.
///
/// Nothing is remembered but that the signature is genuine. Clock, chain, trust, policies and revocation are looked at with
/// every request. Found by the SHA-256 over the whole token. Bounded: two halves, and when the newer one is full the
/// older one is forgotten; what is used moves into the newer one.
public final class KnownProofs: Sendable {
    private struct Halves {
        var newer: [NucHash: NucToken] = [:]
        var older: [NucHash: NucToken] = [:]
    }

    /// The most proofs.
    public let capacity: Int
    private let halves = Mutex(Halves())
    private let hits = Counter()
    private let misses = Counter()

    public init(capacity: Int = 16_384) {
        self.capacity = max(2, capacity)
    }

    func find(_ hash: NucHash) -> NucToken? {
        let found: NucToken? = halves.withLock { halves in
            if let token = halves.newer[hash] { return token }
            guard let token = halves.older.removeValue(forKey: hash) else { return nil }
            keep(token, &halves)
            return token
        }
        if found == nil { misses.increment() } else { hits.increment() }
        return found
    }

    /// Remembers proofs of a chain that was verified as a whole.
    func remember(_ proofs: some Sequence<NucToken>) {
        halves.withLock { halves in
            for proof in proofs where halves.newer[proof.hash] == nil { keep(proof, &halves) }
        }
    }

    private func keep(_ token: NucToken, _ halves: inout Halves) {
        if halves.newer.count >= capacity / 2 {
            halves.older = halves.newer
            halves.newer = [:]
        }
        halves.newer[token.hash] = token
    }

    var count: Int { halves.withLock { $0.newer.count + $0.older.count } }

    var instruments: [Instrument] {
        [
            Instrument("gw_nuc_proofs", .gauge, "Verified proofs remembered now.") { [self] in Double(count) },
            Instrument("gw_nuc_proofs_limit", .gauge, "Verified proofs that can be remembered.") {
                [capacity] in Double(capacity)
            },
            Instrument("gw_nuc_proof_hits_total", .counter, "Proofs that needed no signature check.") {
                [hits] in Double(hits.current)
            },
            Instrument("gw_nuc_proof_misses_total", .counter, "Proofs that were not remembered.") {
                [misses] in Double(misses.current)
            },
        ]
    }
}
