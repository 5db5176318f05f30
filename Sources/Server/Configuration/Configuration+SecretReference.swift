extension Configuration {
    /// Where a secret lies, never the secret: `env:NAME` or `file:path`.
    public enum SecretReference: Hashable, Sendable, CustomStringConvertible {
        /// The value of an environment variable.
        case environment(String)
        /// The content of a file, without one line break at its end.
        case file(String)

        /// As it is spelled in the configuration file.
        public var description: String {
            switch self {
            case .environment(let name): "env:\(name)"
            case .file(let path): "file:\(path)"
            }
        }
    }
}
