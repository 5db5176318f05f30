extension Configuration {
    /// Where a secret lies, never the secret: `env:NAME`, `file:path`, `vault:NAME` or `keyring:NAME`.
    public enum SecretReference: Hashable, Sendable, CustomStringConvertible {
        /// The value of an environment variable.
        case environment(String)
        /// The content of a file, without one line break at its end.
        case file(String)
        /// A key of the gate's own sealed store.
        case vault(String)
        /// A key of the desktop's keyring.
        case keyring(String)

        /// As it is spelled in the configuration file.
        public var description: String {
            switch self {
            case .environment(let name): "env:\(name)"
            case .file(let path): "file:\(path)"
            case .vault(let name): "vault:\(name)"
            case .keyring(let name): "keyring:\(name)"
            }
        }
    }
}

extension Configuration.SecretReference {
    /// Whether the key lies where the daemon stores keys.
    var isStored: Bool {
        switch self {
        case .vault, .keyring: true
        case .environment, .file: false
        }
    }
}
