import OstiaryCore
import Synchronization

/// The capability tokens that were revoked. Every token of every chain is looked up with every request, and nobody
/// remembers a token besides: what was revoked is dead from the moment of the change on.
public final class RevokedTokens: Sendable {
    private let hashes: Mutex<Set<NucHash>>

    public init(_ document: RevocationDocument = RevocationDocument()) {
        hashes = Mutex(Set(document.records.map(\.hash)))
    }

    /// From now on these are revoked and no others.
    public func replace(with document: RevocationDocument) {
        let next = Set(document.records.map(\.hash))
        hashes.withLock { $0 = next }
    }

    public func holds(_ hash: NucHash) -> Bool {
        hashes.withLock { $0.contains(hash) }
    }

    func holdsAny(of tokens: [NucToken]) -> Bool {
        hashes.withLock { hashes in !hashes.isEmpty && tokens.contains { hashes.contains($0.hash) } }
    }

    public var count: Int { hashes.withLock { $0.count } }
}
