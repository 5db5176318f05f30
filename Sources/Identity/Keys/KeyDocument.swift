public import Crypto
public import OstiaryCore

/// All virtual keys of a gate, as one file has them: digests under a key of the file's own, never a key.
public struct KeyDocument: Sendable {
    /// The most keys that a file holds, revoked ones included.
    public static let limit = 10_000
    /// The most bytes that such a file may have.
    public static let largest = 16 << 20

    /// Why something cannot be done. Holds names of keys and nothing else.
    public enum Fault: Error, Hashable, Sendable, CustomStringConvertible {
        /// Not a name that a key can have.
        case name
        /// There is a key of this name that is not revoked.
        case known(String)
        /// There is none.
        case unknown(String)
        case revoked(String)
        case full
        /// The file's bytes are none of ours; `what` is a part of the format.
        case damaged(what: String)
        case unknownFormat

        public var description: String {
            switch self {
            case .name: "a key's name is 1 to 64 of a-z 0-9 . _ -, and begins with a letter or a digit"
            case .known(let name): "there is a key \(name) already"
            case .unknown(let name): "there is no key \(name)"
            case .revoked(let name): "the key \(name) is revoked"
            case .full: "there are \(KeyDocument.limit) keys, and none of them is revoked"
            case .damaged(let what): "the file of keys is damaged: \(what)"
            case .unknownFormat: "the file of keys has a format that this version does not know"
            }
        }
    }

    let hashKey: SymmetricKey
    /// In the order in which they were made.
    public internal(set) var records: [KeyRecord]

    /// Without any key, under a hash key of its own.
    public init(hashKey: SymmetricKey = SymmetricKey(size: .bits256)) {
        self.hashKey = hashKey
        records = []
    }

    public func record(_ name: String) throws(Fault) -> KeyRecord {
        guard let record = records.first(where: { same($0.name, name) }) else { throw .unknown(name) }
        return record
    }

    /// Adds a key; the name of a revoked one may be had again. A full file forgets the oldest revoked one.
    public mutating func add(_ wish: KeyWish, key: borrowing Secret, at now: UnixTime) throws(Fault) {
        guard KeyRecord.isName(wish.name) else { throw .name }
        if let known = records.firstIndex(where: { same($0.name, wish.name) }) {
            guard records[known].revoked != nil else { throw .known(wish.name) }
            records.remove(at: known)
        }
        if records.count >= Self.limit {
            guard let oldest = records.firstIndex(where: { $0.revoked != nil }) else { throw .full }
            records.remove(at: oldest)
        }
        records.append(
            KeyRecord(
                name: wish.name,
                created: Self.seconds(now),
                expires: wish.expires,
                revoked: nil,
                scopes: wish.scopes,
                models: wish.models,
                limits: wish.limits,
                texts: [text(key, at: now)]
            )
        )
    }

    /// Gives a key another text. The one before is good for `overlap` more seconds; any older one no more.
    public mutating func rotate(_ name: String, key: borrowing Secret, overlap: Int, at now: UnixTime) throws(Fault) {
        let index = try place(of: name)
        guard records[index].revoked == nil else { throw .revoked(name) }
        var texts = [text(key, at: now)]
        if overlap > 0, var former = records[index].texts.first {
            let end = Self.seconds(now).addingReportingOverflow(overlap)
            former.ends = end.overflow ? Int.max : end.partialValue
            texts.append(former)
        }
        records[index].texts = texts
    }

    /// Ends a key for good.
    /// - Returns: whether it was not revoked before.
    @discardableResult
    public mutating func revoke(_ name: String, at now: UnixTime) throws(Fault) -> Bool {
        let index = try place(of: name)
        guard records[index].revoked == nil else { return false }
        records[index].revoked = Self.seconds(now)
        return true
    }

    private func place(of name: String) throws(Fault) -> Int {
        guard let index = records.firstIndex(where: { same($0.name, name) }) else { throw .unknown(name) }
        return index
    }

    private func text(_ key: borrowing Secret, at now: UnixTime) -> KeyRecord.Text {
        let digest = key.withBytes { KeyDigest(of: $0, under: hashKey) }
        return KeyRecord.Text(digest: digest, made: Self.seconds(now), ends: nil)
    }

    static func seconds(_ time: UnixTime) -> Int { Int(exactly: time.seconds.rounded(.down)) ?? 0 }
}
