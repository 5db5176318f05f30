extension Configuration {
    /// The gate's own store of keys, and where it is.
    public struct Vault: Hashable, Sendable {
        public enum Backend: String, Sendable, CaseIterable {
            /// The keyring where it keeps a key, else a sealed file; the choice is made once.
            case auto
            case file, keyring
            /// This process's memory: nothing survives it.
            case memory
        }

        /// `nil` for the file where one is named, else for no store.
        public var backend: Backend?
        /// The store's file.
        public var file: String?
        /// The file with the master key that opens it.
        public var keyFile: String?
        /// Where a passphrase lies that opens it instead.
        public var passphrase: SecretReference?

        /// Whether file and key may be made at the first start: where the configuration leaves their places to the gate.
        var isMade = false

        public init() {}

        /// The variable's name that a passphrase from `--passphrase-fd` is kept under.
        public static let handed = "OSTIARY_PASSPHRASE_FD"

        /// The file that remembers the store's generation: beside the master key, which whoever changes the store may
        /// not reach.
        public var mark: String? { ownMark ?? keyFile.map { $0 + ".mark" } }
        /// Where there is no master key's file.
        var ownMark: String?
    }

    /// Where the store of a gate with this file is. Nothing else of the file has to be right, as a key is put into the
    /// store before the rest can be.
    /// - Parameter isHanded: whether a passphrase was handed to the command, and comes before what the file says.
    public static func vault(of file: String?, surroundings: Surroundings, isHanded: Bool = false) -> Vault {
        var configuration = section("vault", "daemon", of: file, surroundings: surroundings)
        if isHanded { configuration.vault.passphrase = .environment(Vault.handed) }
        configuration.settleDaemon(surroundings)
        return configuration.vault
    }

    static let vaultFields: [Field<Vault>] = [
        .value(
            \.backend,
            About(
                name: "backend",
                help:
                    "where the gate keeps keys: file, a sealed one; keyring, the desktop's; memory; auto, the keyring if "
                    + "it keeps one within 2 s, else a file, decided once and written down",
                fallback: "file where `file` is given, else no store",
                environment: "OSTIARY_VAULT_BACKEND"
            ),
            Form<Vault.Backend>.choice.optional
        ),
        .value(
            \.file,
            About(
                name: "file",
                help: "the sealed store that `vault:NAME` names keys of, in a folder of its own with mode 700; made "
                    + "with `ostiary vault create`",
                fallback: "none",
                example: "/var/lib/ostiary/vault/keys.json",
                environment: "OSTIARY_VAULT_FILE"
            ),
            Form.path.optional
        ),
        .value(
            \.keyFile,
            About(
                name: "key_file",
                help: "the master key that opens it, in another folder with mode 700",
                fallback: "none",
                example: "/etc/ostiary/vault/key",
                environment: "OSTIARY_VAULT_KEY_FILE"
            ),
            Form.path.optional
        ),
        .value(
            \.passphrase,
            About(
                name: "passphrase",
                help:
                    "where a passphrase that opens it lies, in place of `key_file`: file:PATH or env:NAME; 64 hex digits "
                    + "are taken for a master key; keyring:NAME is one that `ostiary vault create` makes in the keyring",
                fallback: "`ostiary-vault` of systemd's credentials, where there is one",
                example: "file:/run/secrets/vault"
            ),
            Form.providerKey.optional
        ),
    ]
}

extension Checks {
    mutating func checkVault(_ configuration: Configuration) {
        let vault = configuration.vault
        switch (vault.file, vault.keyFile) {
        case (nil, nil): break
        case (_?, nil) where vault.passphrase != nil: break
        case (_?, nil): missing(["vault"], "key_file", hint: "name the file with the store's master key")
        case (nil, _?): missing(["vault"], "file", hint: "name the sealed store that the key opens")
        case (_?, _?) where vault.isMade: break
        case (let file?, let keyFile?):
            for (key, path) in [("file", file), ("key_file", keyFile)] where surroundings.look(path) == .missing {
                fault(
                    ["vault", key],
                    "names a file that does not exist",
                    hint: "make both with: ostiary vault create --file \(Reading.printable(file)) "
                        + "--key-file \(Reading.printable(keyFile))"
                )
            }
        }
        for provider in configuration.providers where vault.file == nil && vault.backend == nil {
            guard case .vault = provider.key else { continue }
            fault(
                ["providers", provider.name, "key"],
                "names a key of the vault, and there is none",
                hint: "name the store in vault.file and its master key in vault.key_file"
            )
        }
    }
}
