public import OstiaryCore

/// The keys of the providers, read from where they lie, kept fresh, and lent to permitted calls.
///
/// Which keys there are never changes; a reload opens another vault. It takes over from the one before every ring of
/// keys about which nothing has changed, and the other keys are zeroed when the last loan has ended. Lending takes a
/// short lock and never waits.
public final class Vault: Sendable {
    private let rings: [String: KeyRing]
    /// What the operator should know about the places of the keys.
    public let warnings: [SourceWarning]
    private let engine: LendingEngine

    /// Reads every key that lies on this machine; the others are asked for by `prime`.
    /// - Parameters:
    ///   - plans: where the keys lie, by the name they are lent under.
    ///   - surroundings: what sources may look at.
    ///   - engine: the clock, and who is told.
    ///   - former: the vault before.
    /// - Throws: all faults together, each with its key's name.
    public init(
        _ plans: [String: [KeyPlan]],
        _ surroundings: Surroundings,
        engine: LendingEngine = LendingEngine(),
        keeping former: Vault? = nil
    ) throws(VaultFault) {
        var rings: [String: KeyRing] = [:]
        var warnings: [SourceWarning] = []
        var faults: [VaultFault.Fault] = []
        for (name, plans) in plans.sorted(by: { $0.key < $1.key }) {
            let ring = KeyRing(name, plans, surroundings, engine)
            var lacks = false
            for (plan, key) in zip(plans, ring.keys) {
                guard let source = plan.source.source as? any LocalKeySource else { continue }
                do throws(SourceFault) {
                    let material = try source.read(surroundings)
                    if let warning = material.warning { warnings.append(warning) }
                    try key.open(material, for: ring)
                } catch {
                    // The gate's own store may get it any time.
                    if case .missing(let label) = error, source is VaultSource {
                        warnings.append(.notStoredYet(label: label))
                        lacks = true
                    } else {
                        faults.append(VaultFault.Fault(name: name, fault: error))
                    }
                }
            }
            if let known = former?.ring(name), known.plans == plans, !lacks, ring.brings(nothingNewTo: known) {
                rings[name] = known
            } else {
                rings[name] = ring
            }
        }
        guard faults.isEmpty else { throw VaultFault(faults: faults) }
        self.rings = rings
        self.warnings = warnings
        self.engine = engine
    }

    /// One key each, on this machine.
    public convenience init(
        _ references: [String: SourceReference],
        environment: [String: String],
        kept: KeptVariables? = nil,
        store: (any Store)? = nil
    ) throws(VaultFault) {
        try self.init(
            references.mapValues { [KeyPlan($0)] },
            Surroundings(environment: environment, kept: kept, store: store)
        )
    }

    /// Lends the key of this name for a permitted call.
    /// - Throws: `credential_unavailable` when there is none.
    public func lend(_ name: String, for permit: borrowing Permit) throws(GateError) -> Loan {
        guard let ring = ring(name) else { throw GateError(.credentialUnavailable) }
        return try ring.lend()
    }

    /// A key of this name, to show it to the provider it is for outside of any call; `nil` when there is none now.
    public func holder(of name: String) -> SecretHolder? { ring(name)?.next }

    /// Whether there is a place for a key of this name; its source may not have given one yet.
    public func has(_ name: String) -> Bool { ring(name) != nil }

    /// Whether the keys of this name, or their absence, are the same in `other`. Takes the same time for all keys of one
    /// length.
    public func hasSameKey(_ name: String, as other: Vault) -> Bool {
        switch (ring(name), other.ring(name)) {
        case (nil, nil): true
        case (let mine?, let theirs?): mine === theirs || mine.hasSameKeys(as: theirs)
        default: false
        }
    }

    // MARK: Keeping fresh

    /// The most seconds that a start or a reload waits for keys that are elsewhere.
    public static let primeLimit = 2.0

    /// Reads every key that there is none of yet, all at once, and returns when each has come or failed, or after
    /// `seconds`. What is under way then goes on.
    /// - Returns: the keys that have not come.
    @discardableResult
    public func prime(within seconds: Double = primeLimit) async -> [KeyStatus] {
        let clock = engine.clock
        let missing = rings.values.flatMap { ring in
            ring.keys.indices.filter { !ring.keys[$0].isUsable }.map { (ring: ring, index: $0) }
        }
        guard !missing.isEmpty else { return [] }
        await withTaskGroup(of: Bool.self) { group in
            for (ring, index) in missing {
                group.addTask {
                    await ring.refresh(index)
                    return true
                }
            }
            group.addTask {
                try? await clock.sleep(seconds: seconds)
                return false
            }
            var left = missing.count
            while left > 0, await group.next() == true { left -= 1 }
            // Those who wait leave; the readings themselves go on.
            group.cancelAll()
        }
        return statuses.filter { $0.state == .missing }
    }

    /// Reads each key whenever it is due, until the task is cancelled.
    public func maintain() async {
        await withTaskGroup { group in
            for ring in rings.values {
                for index in ring.keys.indices { group.addTask { await ring.maintain(index) } }
            }
        }
    }

    /// Reads the keys of this name now, however fresh they are, and tells what came of each; `nil` when there is no such
    /// name. Whoever asks at the same time gets the same answer.
    public func refresh(_ name: String) async -> [RefreshOutcome]? {
        guard let ring = ring(name) else { return nil }
        var outcomes: [RefreshOutcome] = []
        for index in ring.keys.indices { outcomes.append(await ring.refresh(index)) }
        return outcomes
    }

    // MARK: Showing

    /// How the keys of this name fare; empty when there is no such name.
    public func status(_ name: String) -> [KeyStatus] { ring(name)?.statuses ?? [] }

    /// How all keys fare, by name.
    public var statuses: [KeyStatus] {
        rings.values.sorted { $0.name < $1.name }.flatMap(\.statuses)
    }

    private func ring(_ name: String) -> KeyRing? {
        // The dictionary takes two spellings of one accented letter for the same name; a key must not.
        guard let ring = rings[name], ring.name.hasSameBytes(as: name) else { return nil }
        return ring
    }

    /// What the vault shows to the operator.
    public var instruments: [Instrument] {
        engine.figures.instruments + KeyInstruments.all(rings.values.sorted { $0.name < $1.name }) + [
            Instrument(
                "gw_secret_unlocked_bytes",
                .gauge,
                "Bytes of secrets that the system did not lock into memory; raise LimitMEMLOCK."
            ) { Double(Secret.unlockedBytes) }
        ]
    }
}

extension KeyRing {
    /// Whether what was read for this ring is what the other has already; keys that are not read here count as the same.
    fileprivate func brings(nothingNewTo known: KeyRing) -> Bool {
        zip(keys, known.keys).allSatisfy { mine, theirs in
            guard let mine = mine.key else { return true }
            return theirs.key?.hasSameBytes(as: mine) ?? false
        }
    }

    fileprivate func hasSameKeys(as other: KeyRing) -> Bool {
        guard keys.count == other.keys.count else { return false }
        return zip(keys, other.keys).allSatisfy { mine, theirs in
            switch (mine.key, theirs.key) {
            case (nil, nil): true
            case (let mine?, let theirs?): mine.hasSameBytes(as: theirs)
            default: false
            }
        }
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
