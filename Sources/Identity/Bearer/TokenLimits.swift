/// How large a token and its parts may be. Checked before anything is decoded, whoever the token claims to come from.
public struct TokenLimits: Hashable, Sendable {
    /// Bytes of the whole token.
    public var token = 16_384
    /// Arrays and objects open at once in header or payload.
    public var depth = 32
    /// Bytes of `kid`.
    public var keyName = 256

    public init() {}
}
