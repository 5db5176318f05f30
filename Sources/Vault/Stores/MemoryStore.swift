public import OstiaryCore
import Synchronization

/// Keys in this process's memory alone: for tests, for trying things, and for what must not rest anywhere.
public final class MemoryStore: Store {
    private struct Entry: Sendable {
        let holder: SecretHolder
        let created: UnixTime
        let updated: UnixTime
    }

    /// The most keys it holds.
    public static let limit = 10_000

    private let entries = Mutex<[StoredName: Entry]>([:])

    public init() {}

    public var label: String { "the store in memory" }

    public func list() -> [StoredKey] {
        entries.withLock { entries in
            entries.map { StoredKey(name: $0.key, created: $0.value.created, updated: $0.value.updated) }
        }.sorted { $0.name < $1.name }
    }

    public func read(_ name: StoredName) -> Secret? {
        guard let holder = entries.withLock({ $0[name]?.holder }) else { return nil }
        return Loan.withBytes(of: holder) { Secret(copying: $0) }
    }

    public func write(_ name: StoredName, _ secret: borrowing Secret, at time: UnixTime) throws(StoreFault) {
        try StorableForm.check(secret)
        let holder = SecretHolder(secret.withBytes { Secret(copying: $0) })
        let isKept = entries.withLock { entries in
            let before = entries[name]
            guard before != nil || entries.count < Self.limit else { return false }
            entries[name] = Entry(holder: holder, created: before?.created ?? time, updated: time)
            return true
        }
        guard isKept else { throw .unwritable(place: label, reason: "it holds \(Self.limit) keys already") }
    }

    @discardableResult
    public func remove(_ name: StoredName) -> Bool {
        entries.withLock { $0.removeValue(forKey: name) } != nil
    }
}
