import OstiaryCore

/// `keyring:NAME`: a key of the desktop's keyring, under the attributes that `KeyringStore` describes.
struct KeyringSource: LocalKeySource {
    static let kind = "keyring"
    static let form = "keyring:NAME"
    static let trimsLineEnd = false

    let name: StoredName
    var label: String { "keyring key \(name)" }

    init(argument: String) throws(SourceFault) {
        guard let name = try? StoredName(argument) else { throw .invalidName(kind: Self.kind, form: Self.form) }
        self.name = name
    }

    func read(_ surroundings: Surroundings) throws(SourceFault) -> KeyMaterial {
        try KeyMaterial(KeyringStore().key(name, label: label))
    }
}
