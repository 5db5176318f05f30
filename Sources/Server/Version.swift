/// What this build calls itself, in `ostiary version`, `/health` and the journal's first line.
public enum Version {
    public static let current = "0.1.0"
    /// The protocol version of `X-Protocol-Version`.
    public static let `protocol` = 1
}
