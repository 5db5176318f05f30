extension Configuration {
    /// Where the gate's own sealed store is; both or neither.
    public struct Vault: Hashable, Sendable {
        /// The store's file.
        public var file: String?
        /// The file with the master key that opens it.
        public var keyFile: String?

        public init() {}

        /// The file that remembers the store's generation: beside the master key, which whoever changes the store may
        /// not reach.
        public var mark: String? { keyFile.map { $0 + ".mark" } }
    }

    /// Where the store of a gate with this file is. Nothing else of the file has to be right, as a key is put into the
    /// store before the rest can be.
    public static func vault(of file: String?, surroundings: Surroundings) -> Vault {
        section("vault", of: file, surroundings: surroundings).vault
    }

    static let vaultFields: [Field<Vault>] = [
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
    ]
}

extension Checks {
    mutating func checkVault(_ configuration: Configuration) {
        let vault = configuration.vault
        switch (vault.file, vault.keyFile) {
        case (nil, nil): break
        case (_?, nil): missing(["vault"], "key_file", hint: "name the file with the store's master key")
        case (nil, _?): missing(["vault"], "file", hint: "name the sealed store that the key opens")
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
        for provider in configuration.providers where vault.file == nil {
            guard case .vault = provider.key else { continue }
            fault(
                ["providers", provider.name, "key"],
                "names a key of the vault, and there is none",
                hint: "name the store in vault.file and its master key in vault.key_file"
            )
        }
    }
}
