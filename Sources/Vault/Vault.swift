public import OstiaryCore

/// The keys of the providers, read once at start and lent to permitted calls.
///
/// Immutable: a reload opens another vault, and the old keys are zeroed when the last loan has ended.
public final class Vault: Sendable {
    private struct Box: Sendable {
        let name: String
        let kept: SecretHolder
    }

    private let boxes: [String: Box]
    /// What the operator should know about the places of the keys.
    public let warnings: [SourceWarning]

    /// Reads every key.
    /// - Parameters:
    ///   - references: where the keys lie, by the name they are lent under.
    ///   - environment: the process's environment.
    ///   - kept: the variables that were taken out of it.
    ///   - store: the gate's own store, which `vault:NAME` names keys of.
    /// - Throws: all faults together, each with its key's name.
    public init(
        _ references: [String: SourceReference],
        environment: [String: String],
        kept: KeptVariables? = nil,
        store: (any Store)? = nil
    ) throws(VaultFault) {
        var boxes: [String: Box] = [:]
        var warnings: [SourceWarning] = []
        var faults: [VaultFault.Fault] = []
        let surroundings = Surroundings(environment: environment, kept: kept, store: store)
        for (name, reference) in references.sorted(by: { $0.key < $1.key }) {
            do {
                let (kept, warning) = try Self.keep(reference, surroundings)
                boxes[name] = Box(name: name, kept: kept)
                if let warning { warnings.append(warning) }
            } catch {
                faults.append(VaultFault.Fault(name: name, fault: error))
            }
        }
        guard faults.isEmpty else { throw VaultFault(faults: faults) }
        self.boxes = boxes
        self.warnings = warnings
    }

    /// Lends the key of this name for a permitted call.
    /// - Throws: `credential_unavailable` when there is none.
    public func lend(_ name: String, for permit: borrowing Permit) throws(GateError) -> Loan {
        guard let box = box(name) else { throw GateError(.credentialUnavailable) }
        return Loan(of: box.kept)
    }

    /// The key of this name, to show it to the provider it is for outside of any call; `nil` when there is none.
    public func holder(of name: String) -> SecretHolder? { box(name)?.kept }

    /// Whether there is a key of this name.
    public func has(_ name: String) -> Bool { box(name) != nil }

    /// Whether the key of this name, or its absence, is the same in `other`. Takes the same time for all keys of one
    /// length.
    public func hasSameKey(_ name: String, as other: Vault) -> Bool {
        switch (box(name), other.box(name)) {
        case (nil, nil): return true
        case (let mine?, let theirs?):
            return Loan(of: mine.kept).withBytes { mine in
                Loan(of: theirs.kept).withBytes { theirs in
                    guard mine.count == theirs.count else { return false }
                    var difference: UInt8 = 0
                    for index in mine.indices { difference |= mine[index] ^ theirs[index] }
                    return difference == 0
                }
            }
        default: return false
        }
    }

    private func box(_ name: String) -> Box? {
        // The dictionary takes two spellings of one accented letter for the same name; a key must not.
        guard let box = boxes[name], box.name.hasSameBytes(as: name) else { return nil }
        return box
    }

    /// What the vault shows to the operator.
    public var instruments: [Instrument] {
        let count = Double(boxes.count)
        return [
            Instrument("gw_vault_keys", .gauge, "Keys that the vault holds.") { count },
            Instrument(
                "gw_secret_unlocked_bytes",
                .gauge,
                "Bytes of secrets that the system did not lock into memory; raise LimitMEMLOCK."
            ) { Double(Secret.unlockedBytes) },
        ]
    }

    private static func keep(
        _ reference: SourceReference,
        _ surroundings: Surroundings
    ) throws(SourceFault) -> (SecretHolder, SourceWarning?) {
        let source = reference.source
        let material = try source.read(surroundings)
        let trims = type(of: source).trimsLineEnd
        let secret = try KeyForm.checked(material.secret, trimsLineEnd: trims, label: source.label)
        return (SecretHolder(secret), material.warning)
    }
}

/// Why a vault cannot be opened: every key that cannot be had.
public struct VaultFault: Error, Hashable, Sendable, CustomStringConvertible {
    public struct Fault: Hashable, Sendable, CustomStringConvertible {
        /// The key's name.
        public let name: String
        public let fault: SourceFault

        public var description: String { "key of \(name): \(fault)" }
    }

    public let faults: [Fault]

    public var description: String { faults.map(\.description).joined(separator: "\n") }
}
