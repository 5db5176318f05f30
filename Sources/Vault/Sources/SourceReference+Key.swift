public import OstiaryCore

extension SourceReference {
    /// The key as it lies there now, with its form checked as that of every key. May block.
    public func key(_ surroundings: Surroundings) async throws(SourceFault) -> SecretHolder {
        let material = try await source.fetch(surroundings)
        let trims = type(of: source).trimsLineEnd
        return SecretHolder(try KeyForm.checked(material.secret, trimsLineEnd: trims, label: source.label))
    }

    /// Whether the key lies in the gate's own store, which has to be opened for it.
    public var needsStore: Bool { source is VaultSource }
}
