/// How ES256 signatures of tokens are checked. All other algorithms are the library's.
public enum SignatureCheck: String, Sendable, CaseIterable {
    /// By tables of the keys' multiples, compared with swift-crypto all along; see `SignatureChecker`.
    case fast
    /// By swift-crypto alone.
    case library
}

/// Why the fast check was switched off.
public enum FastCheckFault: String, Error, Sendable, CaseIterable {
    /// A table did not pass its check.
    case table
    /// It accepted what swift-crypto refused.
    case accepted
    /// It refused what swift-crypto accepted.
    case refused
}
