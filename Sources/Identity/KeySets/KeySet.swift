import OstiaryCore

/// A JSON Web Key Set (RFC 7517 section 5) as far as it can be used: each key alone is kept or left out.
public struct KeySet: Sendable {
    /// Why a whole document is refused.
    public enum Fault: Error, Sendable {
        /// Not JSON, no `keys` array, or more keys than the limit.
        case malformed
        /// No key in it can be used.
        case noUsableKey
    }

    /// A key that was left out.
    public struct Dropped: Sendable {
        /// Its place in `keys`, from 0.
        public let position: Int
        public let fault: JWK.Fault
    }

    /// What a look-up finds.
    enum Match {
        case found(VerificationKey)
        /// No usable key has the name.
        case absent
        /// Several could be meant.
        case ambiguous
        /// The key is not one for that algorithm.
        case mismatch
    }

    /// The most members that `keys` may have.
    static let most = 100
    private static let depth = 32

    public let keys: [VerificationKey]
    public let dropped: [Dropped]

    /// Reads a document.
    /// - Parameters:
    ///   - document: the bytes; unknown members are ignored.
    ///   - algorithms: those that the policy allows; a key that fits none of them is left out.
    public init(document: [UInt8], allowing algorithms: [SignatureAlgorithm]) throws(Fault) {
        guard let members = (try? JSONReader.read(document, depth: Self.depth))?.object?["keys"]?.array,
            members.count <= Self.most
        else { throw .malformed }
        var kept: [(position: Int, key: VerificationKey)] = []
        var dropped: [Dropped] = []
        for (position, member) in members.enumerated() {
            do throws(JWK.Fault) {
                kept.append((position, try JWK.read(member, allowing: algorithms)))
            } catch {
                dropped.append(Dropped(position: position, fault: error))
            }
        }
        if kept.count > 1 {
            dropped += kept.filter { $0.key.name == nil }.map { Dropped(position: $0.position, fault: .unnamed) }
            kept.removeAll { $0.key.name == nil }
        }
        guard !kept.isEmpty else { throw .noUsableKey }
        self.keys = kept.map(\.key)
        self.dropped = dropped.sorted { $0.position < $1.position }
    }

    /// Finds the key of this name, compared by bytes. Without a name the one key that fits the algorithm is meant, and
    /// several are never tried in turn.
    func match(name: String?, algorithm: SignatureAlgorithm) -> Match {
        guard let name else {
            let fitting = keys.filter { $0.algorithms.contains(algorithm) }
            guard let only = fitting.first else { return .mismatch }
            return fitting.count == 1 ? .found(only) : .ambiguous
        }
        var match: VerificationKey?
        for key in keys where key.name.map({ $0.utf8.elementsEqual(name.utf8) }) == true {
            if match != nil { return .ambiguous }
            match = key
        }
        guard let match else { return .absent }
        return match.algorithms.contains(algorithm) ? .found(match) : .mismatch
    }
}
