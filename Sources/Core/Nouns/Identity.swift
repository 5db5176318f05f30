/// Who is calling, how we know, until when, and narrowed by what.
///
/// Made by an authenticator after every check has passed and never changed afterwards; one instance serves all calls
/// that present the same credential for as long as it is valid.
public final class Identity: Sendable {
    /// How a caller became known.
    public enum Means: Hashable, Sendable {
        /// A signed token (RFC 7519), checked with this algorithm.
        case bearer(algorithm: String)
        /// A client certificate (RFC 8705), chained to a configured authority.
        case certificate
        /// A virtual key of this gate.
        case key
        /// A chain of capability tokens (NUC).
        case capability
    }

    /// Who vouches: the `iss` claim, or the empty string where the configuration names no issuer.
    public let issuer: String
    /// Who it is: the `sub` claim, unique within the issuer.
    public let subject: String
    public let means: Means
    /// When the knowledge ends, leeway included.
    public let expires: UnixTime
    public let scopes: Scopes
    /// The name under which limits, logs and metrics know this caller.
    public let pseudonym: Pseudonym
    /// All verified claims, for policies; nothing else may be believed of the credential.
    public let claims: JSONValue
    /// The certificate that the credential is bound to, by its SHA-256 (`x5t#S256`, RFC 8705 section 3.1); without a
    /// connection that showed this certificate the credential is worth nothing. `nil` for one that is not bound.
    public let boundCertificate: [UInt8]?
    /// What the credential may be used for besides its scopes; `nil` for all that they allow.
    public let narrowing: Narrowing?
    /// How often it may be used; a use needs room in all of them.
    public let usageLimits: [UsageLimit]

    public init(
        issuer: String,
        subject: String,
        means: Means,
        expires: UnixTime,
        scopes: Scopes,
        pseudonym: Pseudonym,
        claims: JSONValue,
        boundCertificate: [UInt8]? = nil,
        narrowing: Narrowing? = nil,
        usageLimits: [UsageLimit] = []
    ) {
        self.issuer = issuer
        self.subject = subject
        self.means = means
        self.expires = expires
        self.scopes = scopes
        self.pseudonym = pseudonym
        self.claims = claims
        self.boundCertificate = boundCertificate
        self.narrowing = narrowing
        self.usageLimits = usageLimits
    }

    /// Whether both are one caller of one issuer, whatever each may do.
    public func isSamePrincipal(as other: Identity) -> Bool {
        issuer.hasSameBytes(as: other.issuer) && subject.hasSameBytes(as: other.subject)
    }
}
