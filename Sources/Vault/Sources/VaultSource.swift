import OstiaryCore

/// `vault:NAME`: a key of the gate's own sealed store.
struct VaultSource: LocalKeySource {
    static let kind = "vault"
    static let form = "vault:NAME"
    static let trimsLineEnd = false

    let name: StoredName
    var label: String { "vault key \(name)" }

    init(argument: String) throws(SourceFault) {
        guard let name = try? StoredName(argument) else { throw .invalidName(kind: Self.kind, form: Self.form) }
        self.name = name
    }

    func read(_ surroundings: Surroundings) throws(SourceFault) -> KeyMaterial {
        guard let store = surroundings.store else {
            throw .unreadable(label: label, reason: "no store is configured; name one in vault.file")
        }
        return try KeyMaterial(store.key(name, label: label))
    }
}

extension Store {
    /// The key of this name as a source's.
    func key(_ name: StoredName, label: String) throws(SourceFault) -> Secret {
        do throws(StoreFault) {
            if let secret = try read(name) { return secret }
        } catch {
            throw .unreadable(label: label, reason: error.description)
        }
        throw .missing(label: label)
    }
}
