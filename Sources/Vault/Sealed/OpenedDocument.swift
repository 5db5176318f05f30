import Crypto
import OstiaryCore

/// A sealed document together with its opened keys: what can be read, changed and written again.
struct OpenedDocument: Sendable {
    private(set) var document: SealedDocument
    private var keys: [DataKey]
    private var active: DataKey
    /// The key made from the master secret.
    private var wrapping: SymmetricKey

    enum OpenFault: Error, Hashable {
        case notOpened
        case damaged(String)
    }

    /// Another, without entries.
    init(wrapping: SymmetricKey, derivation: KeyDerivation, at time: UnixTime) throws(SealFault) {
        active = DataKey(kid: "k1", created: time)
        keys = [active]
        self.wrapping = wrapping
        document = SealedDocument(
            generation: 1,
            derivation: derivation,
            keys: [try active.wrapped(under: wrapping)],
            entries: []
        )
    }

    /// Opens the keys of `document` and checks the mark of the `bytes` it was read from.
    init(_ document: SealedDocument, readFrom bytes: [UInt8], wrapping: SymmetricKey) throws(OpenFault) {
        var keys: [DataKey] = []
        for key in document.keys {
            do throws(SealFault) { keys.append(try key.opened(under: wrapping)) } catch { throw .notOpened }
        }
        guard let active = keys.first(where: \.isActive) else { throw .damaged("keys") }
        guard SealedDocument.isMarked(bytes, under: active.forDocument) else {
            throw .damaged("something in it was changed, left out or put back")
        }
        self.document = document
        self.keys = keys
        self.active = active
        self.wrapping = wrapping
    }

    var bytes: [UInt8] { document.bytes(markedUnder: active.forDocument) }

    func secret(_ name: StoredName) throws(SealFault) -> Secret? {
        guard let entry = document.entries.first(where: { $0.name == name }) else { return nil }
        return try opened(entry)
    }

    /// Begins a change: the next generation, without the keys that were left only for the write before.
    mutating func advance() {
        document.generation += 1
        keys.removeAll { !$0.isActive }
        document.keys.removeAll { !$0.isActive }
    }

    mutating func put(_ name: StoredName, _ secret: borrowing Secret, at time: UnixTime) throws(SealFault) {
        let index = document.entries.firstIndex { $0.name >= name } ?? document.entries.endIndex
        let isThere = index < document.entries.endIndex && document.entries[index].name == name
        let entry = try sealed(
            name,
            secret,
            created: isThere ? document.entries[index].created : time,
            updated: time
        )
        if isThere { document.entries[index] = entry } else { document.entries.insert(entry, at: index) }
    }

    mutating func remove(_ name: StoredName) -> Bool {
        guard let index = document.entries.firstIndex(where: { $0.name == name }) else { return false }
        document.entries.remove(at: index)
        return true
    }

    /// Seals every entry anew under another data key; the one before stays, retired, until the next change.
    mutating func rotateDataKey(at time: UnixTime) throws(SealFault) {
        let secrets = document.entries
        let before = active
        active = DataKey(kid: document.nextKid, created: time)
        keys = [active, before.retired]
        document.keys = []
        for key in keys { document.keys.append(try key.wrapped(under: wrapping)) }
        document.entries = []
        for entry in secrets {
            let secret = try opened(entry)
            document.entries.append(
                try sealed(entry.name, secret, created: entry.created, updated: entry.updated)
            )
        }
    }

    /// Seals the data keys under another master's key.
    mutating func rotateMaster(to wrapping: SymmetricKey, _ derivation: KeyDerivation) throws(SealFault) {
        var wrapped: [SealedDocument.Key] = []
        for key in keys { wrapped.append(try key.wrapped(under: wrapping)) }
        document.keys = wrapped
        document.derivation = derivation
        self.wrapping = wrapping
    }

    private func opened(_ entry: SealedDocument.Entry) throws(SealFault) -> Secret {
        guard let key = keys.first(where: { $0.kid == entry.kid }) else { throw SealFault() }
        return try entry.sealed.open(
            under: key.forEntries,
            binding: .entry(kid: entry.kid, name: entry.name, generation: entry.generation)
        )
    }

    private func sealed(
        _ name: StoredName,
        _ secret: borrowing Secret,
        created: UnixTime,
        updated: UnixTime
    ) throws(SealFault) -> SealedDocument.Entry {
        let binding = SealedBytes.Binding.entry(kid: active.kid, name: name, generation: document.generation)
        let sealed = try secret.withBytes { bytes throws(SealFault) in
            try bytes.withUnsafeBufferPointer { bytes throws(SealFault) in
                try SealedBytes(sealing: UnsafeRawBufferPointer(bytes), under: active.forEntries, binding: binding)
            }
        }
        return SealedDocument.Entry(
            name: name,
            kid: active.kid,
            generation: document.generation,
            sealed: sealed,
            created: created,
            updated: updated
        )
    }
}
