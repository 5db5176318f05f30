import OstiaryCore

/// The signature algorithms of RFC 7518 section 3 and RFC 8037 that a policy can allow. Symmetric ones and `none` are
/// not among them, so no policy can allow those.
public enum SignatureAlgorithm: String, Hashable, Sendable, CaseIterable {
    case es256 = "ES256"
    case es384 = "ES384"
    case es512 = "ES512"
    case rs256 = "RS256"
    case rs384 = "RS384"
    case rs512 = "RS512"
    case ps256 = "PS256"
    case ps384 = "PS384"
    case ps512 = "PS512"
    /// Ed25519 only; Ed448 is not supported.
    case edDSA = "EdDSA"

    /// The algorithm of exactly this name, compared by bytes.
    public init?(named name: String) {
        guard let match = Self.all.first(where: { $0.name.hasSameBytes(as: name) }) else { return nil }
        self = match.algorithm
    }

    /// Made once, as each token asks.
    private static let all = allCases.map { (algorithm: $0, name: $0.rawValue) }
}
