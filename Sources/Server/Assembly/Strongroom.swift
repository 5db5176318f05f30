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
        if let reference = wanted.passphrase {
            let master = try wanted.master(
                reference,
                environment: site.variables.plain,
                kept: site.variables.kept
            )
            let store = try SealedFileStore(path: file, master: master, markPath: wanted.mark)
            if wanted.isMade, try !store.isThere() { try store.create(at: site.clock.now) }
            _ = try store.list()
            return Strongroom(store: store, kind: .file)
        }
        guard let keyFile = wanted.keyFile else { return .none }
        let key = try MasterKeyFile(path: keyFile)
        if wanted.isMade, try !key.isThere() {
            let master = try key.create()
            try SealedFileStore(path: file, master: master, markPath: wanted.mark).create(at: site.clock.now)
        }
        return Strongroom(store: try key.open(store: file, markPath: wanted.mark), kind: .file)
    }
}

extension Configuration.Vault {
    /// The master secret that lies where `reference` says.
    public func master(
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
