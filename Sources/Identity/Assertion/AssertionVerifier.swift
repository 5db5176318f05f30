public import OstiaryCore

/// A client of the token endpoint that authenticates with a signed assertion.
public struct AssertionClient: Sendable {
    /// The `client_id`, which is `iss` and `sub` of its assertions.
    public let id: String
    public let keys: KeySet

    public init(id: String, keys: KeySet) {
        self.id = id
        self.keys = keys
    }
}

/// Checks `private_key_jwt` assertions (RFC 7523 section 3, RFC 7521 section 4.2, OpenID Connect Core section 9).
///
/// The audience is one value that names this server (RFC 7523bis): an assertion for two servers could be replayed by
/// one at the other. Each `jti` is taken once.
public struct AssertionVerifier: Sendable {
    public var limits = TokenLimits()
    /// `issuer` and `required` of it are not used: both follow from the client.
    public var policy: TokenPolicy
    private let clients: [AssertionClient]
    private let store: any ReplayStore

    /// - Parameter audiences: the names of this server, its issuer identifier and its token endpoint.
    public init(clients: [AssertionClient], audiences: [String], store: any ReplayStore) {
        var policy = TokenPolicy()
        policy.audiences = audiences
        policy.longestLife = 300
        policy.types = ["JWT", "client-authentication+jwt"]
        self.policy = policy
        self.clients = clients
        self.store = store
    }

    /// The `client_id` of whoever made `assertion`.
    public func verify(_ assertion: [UInt8], now: UnixTime) async throws(TokenFault) -> String {
        let jws = try JWS(compact: assertion, limits: limits)
        guard let algorithm = SignatureAlgorithm(named: jws.algorithm), policy.algorithms.contains(algorithm) else {
            throw .algNotAllowed
        }
        guard jws.hasType(among: policy.types, required: policy.typeRequired) else { throw .typ }
        let claims = try Claims(payload: jws.payload, depth: limits.depth)
        let subject = try claims.identifier("sub")
        let issuer = try claims.identifier("iss")
        let id = try claims.identifier("jti")
        guard same(issuer, subject), let client = clients.first(where: { same($0.id, issuer) }) else { throw .issuer }
        let window = try claims.window(policy, now: now)
        let audiences = try claims.audiences()
        guard let only = audiences.first, audiences.count == 1,
            policy.audiences?.contains(where: { same($0, only) }) == true
        else { throw .audience }

        switch client.keys.match(name: jws.keyName, algorithm: algorithm) {
        case .found(let key):
            guard jws.isSigned(by: key, with: algorithm) else { throw .signature }
        case .absent: throw .unknownKey
        case .ambiguous: throw .ambiguousKey
        case .mismatch: throw .algKeyMismatch
        }
        guard now.seconds < window.until else { throw .expired }
        let identity = ReplayIdentity(kind: "assertion", owner: client.id, id: id)
        try await enterOnce(identity, until: UnixTime(seconds: window.until), now: now, in: store)
        return client.id
    }
}
