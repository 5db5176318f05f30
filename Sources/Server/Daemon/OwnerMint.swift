import OstiaryCharter
import OstiaryCore
import OstiaryIdentity

/// Gives the gate's owner short tokens for the public door (`identity.local`), so that a tool on this machine needs no key
/// that lies anywhere: the kernel says whose process asks at the socket file.
///
/// The signing key is in memory alone and ends with the process; a client with an older token is answered 401 and its
/// helper asks again. The gate believes these tokens like any other issuer's, by the same checks.
struct OwnerMint: Sendable {
    static let issuer = "urn:ostiary:owner"
    static let subject = "owner"
    /// Seconds that a token lives at most.
    static let longest = 3600

    let issuer = OwnIssuer(issuer: Self.issuer)

    /// `{"token", "expires_in"}` for `{"sub"?, "scope"?, "lifetime"?}`, whose shape was checked.
    func token(for wish: JSONObject?, at now: UnixTime) throws(GateError) -> JSONValue {
        let usual = Charter.defaultScopes.values.reduce(into: Set<String>()) { $0.formUnion($1.names) }.sorted()
        let lifetime = min(wish?["lifetime"]?.number?.int ?? Self.longest, Self.longest)
        do {
            let token = try issuer.mint(
                subject: wish?["sub"]?.string ?? Self.subject,
                scopes: wish?["scope"]?.string.map { Scopes(spaceSeparated: $0).names } ?? usual,
                audience: Self.issuer,
                lifetime: lifetime,
                now: now
            )
            return .members(("token", .string(token)), ("expires_in", .integer(lifetime)))
        } catch {
            throw GateError(.internalError, cause: "minting")
        }
    }
}
