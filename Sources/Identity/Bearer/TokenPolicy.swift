/// What one issuer's tokens must look like. Every default is the strict one; the names of the claims are those of
/// RFC 7519 section 4.1.
public struct TokenPolicy: Sendable {
    /// Why a policy cannot be used.
    public enum Fault: String, Error, Sendable, CaseIterable {
        case noAlgorithm = "no_algorithm"
        case leeway
        case lifetime
        case emptyIssuer = "empty_issuer"
        case emptyAudience = "empty_audience"
        /// With neither issuer nor audience configured, any token of the key set's owner would pass.
        case neitherIssuerNorAudience = "neither_issuer_nor_audience"
        /// Only a single key set can do without an issuer.
        case issuerNeeded = "issuer_needed"
        case issuerTwice = "issuer_twice"
        case noIssuer = "no_issuer"
    }

    /// The algorithms that may be used; the token does not choose (RFC 8725 section 3.1).
    public var algorithms: [SignatureAlgorithm] = [.es256]
    /// What `iss` must equal, byte by byte; `nil` leaves it unchecked.
    public var issuer: String?
    /// Of these `aud` must name at least one; `nil` leaves it unchecked.
    public var audiences: [String]?
    /// Seconds by which clocks may differ, from 0 to 300.
    public var leeway = 30.0
    /// The most seconds from `iat` to `exp`; from now where a token may be without `iat`.
    public var longestLife = 86_400.0
    /// The values that `typ` may have, compared without regard to case and without `application/`.
    public var types = ["JWT", "at+jwt"]
    /// Whether `typ` must be there.
    public var typeRequired = false
    /// The claims that must be there besides `exp`, `sub`, and `iss` and `aud` where they are checked.
    public var required = ["iat"]

    public init() {}

    /// Checks the policy alone; whether several fit together is the verifier's to check.
    public func check() throws(Fault) {
        guard !algorithms.isEmpty else { throw .noAlgorithm }
        guard leeway >= 0, leeway <= 300 else { throw .leeway }
        guard longestLife > 0, longestLife.isFinite else { throw .lifetime }
        if let issuer, issuer.isEmpty { throw .emptyIssuer }
        if let audiences, audiences.isEmpty || audiences.contains("") { throw .emptyAudience }
        guard issuer != nil || audiences != nil else { throw .neitherIssuerNorAudience }
    }
}
