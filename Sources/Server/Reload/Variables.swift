import OstiaryVault
import Synchronization

/// The environment that the process was started with, for every reading of its configuration.
///
/// Nobody can change a running process's environment from outside, and what holds a secret is taken out of it and kept
/// as a secret. The check of a configuration, which only asks whether such a variable has a usable value, sees a
/// stand-in.
final class Variables: Sendable {
    /// Passes every check of a secret's form.
    private static let standIn = String(repeating: "0", count: 64)

    private let texts: Mutex<[String: String]>
    let kept = KeptVariables()

    init(_ environment: [String: String]) {
        texts = Mutex(environment)
    }

    /// The variables that hold no secret.
    var plain: [String: String] { texts.withLock { $0 } }

    /// All variables, with the stand-in for those that are kept as secrets.
    var shown: [String: String] {
        var shown = plain
        for name in kept.names { shown[name] = Self.standIn }
        return shown
    }

    /// Keeps these variables as secrets from now on, and blanks in the process's own environment what was text so far.
    func hide(_ names: [String]) {
        Vault.blankEnvironment(setAside(names))
    }

    /// Keeps these variables as secrets from now on.
    /// - Returns: those that were text until now.
    @discardableResult
    func setAside(_ names: [String]) -> [String] {
        texts.withLock { texts in
            names.filter { name in
                // A variable that also overrides a key is no secret, and its text will be read again.
                guard !Configuration.overridingVariables.contains(name) else { return false }
                guard let text = texts.removeValue(forKey: name) else { return false }
                kept.keep(name, value: Array(text.utf8).span)
                return true
            }
        }
    }
}
