public import Crypto
public import OstiaryCore
import Synchronization

/// The virtual keys that a running gate knows: one look-up by digest, and another table whenever the file has changed.
///
/// What was revoked is unknown from the moment of the change on, for every loop: nobody remembers a key besides this
/// table. Bounded by what a file may hold.
public final class KnownKeys: Sendable {
    /// One text of a key, and who holds it.
    final class Holder: Sendable {
        let identity: Identity
        /// Seconds of Unix time from which on it is good no more.
        let ends: Double
        let isRevoked: Bool
        /// Whole seconds of Unix time; 0 for never since this process began. Shared by both texts of a key.
        let use: KeyUse

        init(identity: Identity, ends: Double, isRevoked: Bool, use: KeyUse) {
            self.identity = identity
            self.ends = ends
            self.isRevoked = isRevoked
            self.use = use
        }
    }

    /// When a key was used last, as far as this process knows.
    final class KeyUse: Sendable {
        private let seconds = Atomic<Int64>(0)

        func note(_ now: UnixTime) {
            let now = Int64(now.seconds)
            // Written once a second at most, so that loops do not fight for it.
            if seconds.load(ordering: .relaxed) < now { seconds.store(now, ordering: .relaxed) }
        }

        var last: Int { Int(seconds.load(ordering: .relaxed)) }
    }

    private final class Table: Sendable {
        let hashKey: SymmetricKey
        let holders: [KeyDigest: Holder]
        let uses: [String: KeyUse]

        init(hashKey: SymmetricKey, holders: [KeyDigest: Holder], uses: [String: KeyUse]) {
            self.hashKey = hashKey
            self.holders = holders
            self.uses = uses
        }
    }

    /// Under which issuer their holders are kept, apart from those of tokens.
    public static let issuer = "key"

    private let table: Mutex<Table>
    private let pseudonymKey: SymmetricKey

    /// - Parameter pseudonymKey: the key of `Pseudonym` (IDENTITY_HASH_KEY).
    public init(_ document: KeyDocument, pseudonymKey: SymmetricKey) {
        self.pseudonymKey = pseudonymKey
        table = Mutex(Self.table(document, pseudonymKey, [:]))
    }

    /// From now on these keys are known and no others.
    public func replace(with document: KeyDocument) {
        let uses = table.withLock { $0.uses }
        let next = Self.table(document, pseudonymKey, uses)
        table.withLock { $0 = next }
    }

    /// The holder of `key`, expired or not; `nil` where nobody ever was.
    func holder(of key: [UInt8]) -> Holder? {
        let table = table.withLock { $0 }
        return table.holders[KeyDigest(of: key.span, under: table.hashKey)]
    }

    /// How many keys are known, revoked and expired ones included.
    public var count: Int { table.withLock { $0.uses.count } }

    /// The names of all of them.
    public var names: Set<String> { Set(table.withLock { $0.uses }.keys) }

    /// When each key was used last since this process began, in whole seconds of Unix time; keys without use left out.
    public var uses: [String: Int] {
        table.withLock { $0.uses }.mapValues(\.last).filter { $0.value > 0 }
    }

    private static func table(
        _ document: KeyDocument,
        _ pseudonymKey: SymmetricKey,
        _ former: [String: KeyUse]
    ) -> Table {
        var holders: [KeyDigest: Holder] = [:]
        var uses: [String: KeyUse] = [:]
        for record in document.records {
            let use = former[record.name] ?? KeyUse()
            uses[record.name] = use
            for text in record.texts {
                let ends = min(
                    record.expires.map { Double($0) } ?? .infinity,
                    text.ends.map { Double($0) } ?? .infinity
                )
                holders[text.digest] = Holder(
                    identity: identity(record, ends: ends, pseudonymKey),
                    ends: ends,
                    isRevoked: record.revoked != nil,
                    use: use
                )
            }
        }
        return Table(hashKey: document.hashKey, holders: holders, uses: uses)
    }

    private static func identity(_ record: KeyRecord, ends: Double, _ pseudonymKey: SymmetricKey) -> Identity {
        Identity(
            issuer: issuer,
            subject: record.name,
            means: .key,
            expires: UnixTime(seconds: ends),
            scopes: Scopes(record.scopes),
            pseudonym: Pseudonym(issuer: issuer, subject: record.name, key: pseudonymKey),
            claims: .members(("sub", .string(record.name))),
            narrowing: Narrowing(rule: "key \(record.name)", models: record.models, limits: record.limits)
        )
    }
}
