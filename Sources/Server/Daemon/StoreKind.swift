/// What kind of place keeps the gate's keys.
enum StoreKind: String, Sendable, CaseIterable {
    case none, file, keyring, memory
}
