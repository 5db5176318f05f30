import OstiaryCore
public import OstiaryVault

/// The gate's own store of keys, opened as the configuration says.
struct Strongroom {
    let store: (any Store)?
    let kind: StoreKind

    static let none = Strongroom(store: nil, kind: .none)
}

extension Furnishing {
    /// The store, opened to see that it can be. A store in memory stays the same one, as it would be empty otherwise.
    mutating func openStrongroom() throws(Running.Failure) -> Strongroom {
        let wanted = configuration.vault
        if site.seal.isClosed, let former, former.store != nil {
            return Strongroom(store: ClosedStore(label: "the store of keys"), kind: former.storeKind)
        }
        if let former, let before, before.vault == wanted, wanted.backend == .memory {
            return Strongroom(store: former.store, kind: former.storeKind)
        }
        // Making a key from a passphrase takes seconds, and nothing about it has changed.
        if let former, let before, before.vault == wanted, wanted.passphrase != nil, former.store is SealedFileStore {
            return Strongroom(store: former.store, kind: former.storeKind)
        }
        do throws(StoreFault) {
            switch wanted.backend {
            case nil where wanted.file == nil: return .none
            case nil, .file: return try openFile(wanted)
            case .memory: return Strongroom(store: MemoryStore(), kind: .memory)
            case .keyring:
                let store = KeyringStore()
                // What cannot be read now is found out now, and not by the first call.
                _ = try store.list()
                return Strongroom(store: store, kind: .keyring)
            case .auto:
                let (choice, reason) = try StoreChoice.made(at: configuration.daemon.folder + "/store") {
                    () throws(StoreFault) in try KeyringStore().probe(at: site.clock.now)
                }
                if let reason {
                    remark(
                        "the keyring keeps nothing, so keys lie in a sealed file from now on",
                        ["reason": "\(reason)", "file": wanted.file ?? ""]
                    )
                }
                switch choice {
                case .keyring: return Strongroom(store: KeyringStore(), kind: .keyring)
                case .file: return try openFile(wanted)
                }
            }
        } catch {
            throw .other("vault: \(error)" + (error.hint.map { "\n\($0)" } ?? ""))
        }
    }

    private func openFile(_ wanted: Configuration.Vault) throws(StoreFault) -> Strongroom {
        guard let file = wanted.file else { return .none }
        let now = site.clock.now
        switch try wanted.opener(environment: site.variables.plain, kept: site.variables.kept) {
        case .given(let master):
            let store = try SealedFileStore(path: file, master: master, markPath: wanted.mark)
            if wanted.isMade, try !store.isThere() { try store.create(at: now) }
            _ = try store.list()
            return Strongroom(store: store, kind: .file)
        case .kept(let keeper):
            if wanted.isMade, try !keeper.isThere() {
                let master = try keeper.create(at: now)
                try SealedFileStore(path: file, master: master, markPath: wanted.mark).create(at: now)
            }
            return Strongroom(store: try keeper.open(store: file, markPath: wanted.mark, at: now), kind: .file)
        case nil: return .none
        }
    }
}

/// What opens the sealed store.
public enum StoreOpener: Sendable {
    /// What somebody handed in: a passphrase, or a master key.
    case given(MasterSecret)
    /// What lies somewhere and can be replaced there.
    case kept(any KeptMaster)
}

extension Configuration.Vault {
    /// What opens the store; `nil` where nothing is named.
    /// - Parameter handed: what was handed to this very command, and comes first.
    public func opener(
        environment: [String: String],
        kept: KeptVariables? = nil,
        handed: MasterSecret? = nil
    ) throws(StoreFault) -> StoreOpener? {
        if let handed { return .given(handed) }
        switch passphrase {
        case .keyring(let name)?:
            guard let file else { return nil }
            return .kept(try MasterKeyring(name: name, store: file))
        case let reference?: return .given(try master(reference, environment: environment, kept: kept))
        case nil:
            guard let keyFile else { return nil }
            return .kept(try MasterKeyFile(path: keyFile))
        }
    }

    /// The master secret that lies where `reference` says.
    private func master(
        _ reference: Configuration.SecretReference,
        environment: [String: String],
        kept: KeptVariables? = nil
    ) throws(StoreFault) -> MasterSecret {
        do {
            let vault = try OstiaryVault.Vault(
                ["passphrase": SourceReference(reference.description)],
                environment: environment,
                kept: kept
            )
            guard let holder = vault.holder(of: "passphrase") else { throw StoreFault.notThere(place: "\(reference)") }
            return try MasterSecret(written: Loan.withBytes(of: holder) { Secret(copying: $0) })
        } catch let fault as StoreFault {
            throw fault
        } catch {
            throw .unusable("the passphrase: \(error)")
        }
    }
}
