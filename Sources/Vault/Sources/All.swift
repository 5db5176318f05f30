/// The kinds of sources that are written `kind:argument`: one line each.
public enum KeySources {
    static let all: [any LocalKeySource.Type] = [
        EnvironmentSource.self,
        FileSource.self,
        VaultSource.self,
        KeyringSource.self,
    ]

    /// Kinds with a meaning in the configuration that this version does not have.
    static let unavailable = ["exec"]

    /// How references are written, for help and errors.
    public static var forms: [String] { all.map { $0.form } }
}
