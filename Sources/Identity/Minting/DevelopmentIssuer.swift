public import Crypto
public import OstiaryCore

/// An issuer for development: a P-256 key that lives in memory only, its key set, and tokens by it.
///
/// The gate trusts it only where it is configured like any other issuer; the tokens go through the same fetch, cache
/// and checks. When the process ends, the key and all tokens by it are gone.
public final class DevelopmentIssuer: Sendable {
    /// The `iss` of its tokens.
    public let issuer: String
    /// The RFC 7638 thumbprint of its key.
    public let keyName: String
    /// Its key set (RFC 7517 section 5), without anything private.
    public let keySetDocument: [UInt8]
    private let key: P256.Signing.PrivateKey

    public init(issuer: String, key: P256.Signing.PrivateKey = P256.Signing.PrivateKey()) {
        self.issuer = issuer
        self.key = key
        let point = Array(key.publicKey.rawRepresentation)
        var members: [JSONObject.Member] = [
            .init(name: "kty", value: .string("EC")),
            .init(name: "crv", value: .string("P-256")),
            .init(name: "x", value: .string(Base64URL.encode(Array(point.prefix(32))))),
            .init(name: "y", value: .string(Base64URL.encode(Array(point.suffix(32))))),
        ]
        keyName = JWK.thumbprint(of: JSONObject(members: members)) ?? ""
        members.append(.init(name: "kid", value: .string(keyName)))
        members.append(.init(name: "alg", value: .string(SignatureAlgorithm.es256.rawValue)))
        members.append(.init(name: "use", value: .string("sig")))
        keySetDocument = JSONWriter.write(.members(("keys", .array([.object(JSONObject(members: members))]))))
    }

    /// Makes an ES256 access token.
    /// - Parameters:
    ///   - lifetime: seconds from `now` to `exp`.
    ///   - now: `iat`, in whole seconds.
    public func mint(
        subject: String,
        scopes: [String],
        audience: String,
        lifetime: Int,
        now: UnixTime
    ) throws(CryptoKitError) -> String {
        let issued = Int(exactly: now.seconds.rounded(.down)) ?? 0
        let header = JSONValue.members(
            ("alg", .string(SignatureAlgorithm.es256.rawValue)),
            ("typ", .string("at+jwt")),
            ("kid", .string(keyName))
        )
        let claims = JSONValue.members(
            ("iss", .string(issuer)),
            ("sub", .string(subject)),
            ("aud", .string(audience)),
            ("iat", .integer(issued)),
            ("exp", .integer(issued.addingReportingOverflow(lifetime).partialValue)),
            ("scope", .string(scopes.joined(separator: " ")))
        )
        let input = Base64URL.encode(JSONWriter.write(header)) + "." + Base64URL.encode(JSONWriter.write(claims))
        let signature = try sign(Array(input.utf8))
        return input + "." + Base64URL.encode(Array(signature.rawRepresentation))
    }

    private func sign(_ input: [UInt8]) throws(CryptoKitError) -> P256.Signing.ECDSASignature {
        do {
            return try key.signature(for: input)
        } catch {
            throw (error as? CryptoKitError) ?? .incorrectParameterSize
        }
    }
}
