import Crypto
public import OstiaryCore

/// Checks proofs of possession (DPoP, RFC 9449 section 4.3) at a resource: the proof was made now, for this request and
/// this access token, by the key to which the token is bound, and is presented once.
public struct ProofVerifier: Sendable {
    public var limits = TokenLimits()
    public var algorithms: [SignatureAlgorithm] = [.es256, .edDSA]
    /// Seconds by which `iat` may differ from now, either way.
    public var window = 60.0
    private let store: any ReplayStore

    public init(store: any ReplayStore) {
        self.store = store
    }

    /// Throws unless `proof` fits.
    /// - Parameters:
    ///   - method: the request's method.
    ///   - url: the request's target as an absolute address.
    ///   - accessToken: the token that came with it.
    ///   - thumbprint: its `cnf.jkt` (RFC 9449 section 6.1).
    public func verify(
        _ proof: [UInt8],
        method: String,
        url: String,
        accessToken: [UInt8],
        boundTo thumbprint: String,
        now: UnixTime
    ) async throws(TokenFault) {
        let jws = try JWS(compact: proof, limits: limits)
        guard let algorithm = SignatureAlgorithm(named: jws.algorithm), algorithms.contains(algorithm) else {
            throw .algNotAllowed
        }
        guard jws.hasType(among: ["dpop+jwt"], required: true) else { throw .typ }
        guard let jwk = jws.header["jwk"], let members = jwk.object,
            let key = try? JWK.read(jwk, allowing: algorithms)
        else { throw .malformed }
        guard key.algorithms.contains(algorithm) else { throw .algKeyMismatch }
        let claims = try Claims(payload: jws.payload, depth: limits.depth)
        let id = try claims.identifier("jti")
        guard let issued = try claims.time("iat"), let proofMethod = try claims.text("htm"),
            let target = try claims.text("htu"), let hash = try claims.text("ath")
        else { throw .missingClaim }

        guard same(proofMethod, method), let left = ProofTarget(target), left == ProofTarget(url) else {
            throw .binding
        }
        guard same(hash, Base64URL.encode(Array(SHA256.hash(data: accessToken)))) else { throw .binding }
        guard let print = JWK.thumbprint(of: members), same(print, thumbprint) else { throw .binding }
        guard issued - now.seconds <= window else { throw .notYetValid }
        guard jws.isSigned(by: key, with: algorithm) else { throw .signature }
        guard now.seconds - issued <= window else { throw .expired }

        let identity = ReplayIdentity(kind: "proof", owner: print, id: id)
        // Half a second more, as the edge of the window is still inside.
        let until = UnixTime(seconds: issued + window + 0.5)
        try await enterOnce(identity, until: until, now: now, in: store)
    }
}
