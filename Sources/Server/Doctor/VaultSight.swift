import OstiaryCore
import OstiaryVault

/// The gate's own store of keys, seen from outside: who may read its files, whether it opens, and whether it has the keys
/// that the configuration names. Nothing is changed and no key is read.
struct VaultSight {
    let configuration: Configuration
    /// The file that the configuration comes from.
    let source: String?
    let surroundings: Configuration.Surroundings
    let now: UnixTime

    var findings: [Finding] {
        let vault = configuration.vault
        guard vault.file != nil || vault.backend != nil else { return [] }
        var paths = [vault.file, vault.keyFile, configuration.daemon.tokenFile].compactMap { $0 }
        paths += ["installation.key", "tokens.json", "audit.log"].map { "\(configuration.daemon.folder)/\($0)" }
        if case .file(let path) = vault.passphrase { paths.append(path) }
        let files = paths.filter { surroundings.look($0) != .missing }.flatMap {
            FileSight(path: $0, role: .secret).findings
        }
        return files + opening(vault)
    }

    private var option: String { source.map { " --config \(Shell.quoted($0))" } ?? "" }

    private func opening(_ vault: Configuration.Vault) -> [Finding] {
        // The keyring may ask its owner something; a look must not.
        guard vault.backend == nil || vault.backend == .file, let file = vault.file else { return [] }
        guard !(vault.isMade && surroundings.look(file) == .missing) else {
            return [Finding(.files, .good, "the store of keys is made at the first start")]
        }
        if vault.isMade, vault.passphrase == nil, let keyFile = vault.keyFile, surroundings.look(keyFile) == .missing,
            surroundings.look("\(configuration.daemon.folder)/store.mark") == .file
        {
            return [
                Finding(.files, .good, "the store of keys is under a passphrase that is handed to the gate")
            ]
        }
        do throws(StoreFault) {
            if case .keyring = vault.passphrase { return [] }
            let master: MasterSecret
            switch try vault.opener(environment: surroundings.variables) {
            case .given(let given)?: master = given
            case .kept(let keeper)?: master = try keeper.master()
            case nil: return []
            }
            let keys = try SealedFileStore(path: file, master: master, markPath: vault.mark).list()
                .filter { !StoredMetadata.isOne($0.name) }
            return [opened(keys)] + missing(keys)
        } catch {
            let command = "ostiary vault create\(option)"
            var remedy = error.hint
            if case .notThere = error { remedy = command }
            return [Finding(.files, .system, "the store of keys does not open: \(error)", remedy: remedy)]
        }
    }

    private func opened(_ keys: [StoredKey]) -> Finding {
        let ages = keys.compactMap(\.updated).map { max(0, now - $0) / 86_400 }
        let oldest = ages.max().map { ", the oldest is \(Int(min($0, 1e6))) days old" } ?? ""
        return Finding(
            .files,
            .good,
            "the store of keys opens: \(keys.count) key\(keys.count == 1 ? "" : "s")\(oldest)"
        )
    }

    private func missing(_ keys: [StoredKey]) -> [Finding] {
        configuration.providers.compactMap { provider in
            guard case .vault(let name) = provider.key, !keys.contains(where: { $0.name.text.hasSameBytes(as: name) })
            else { return nil }
            return Finding(
                .files,
                .warning,
                "the key of providers.\(provider.name) is not stored yet: its calls are answered 503",
                remedy: "ostiary vault add \(name)\(option)"
            )
        }
    }
}
