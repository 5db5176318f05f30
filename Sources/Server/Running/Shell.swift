/// Words for a POSIX shell.
public enum Shell {
    /// One word (POSIX.1-2024, 2.2.2 Single-Quotes).
    public static func quoted(_ word: String) -> String { "'" + word.replacing("'", with: "'\\''") + "'" }
}
