public import Crypto
public import OstiaryCore

/// An issuer whose key this process holds: development mode's, and the one behind workload identity. A P-256 key in
/// memory, its key set, and tokens by it.
///
/// The gate trusts it like any other issuer; the tokens go through the same cache and checks. A random key, and all tokens
/// by it, are gone when the process ends.
public final class OwnIssuer: Sendable {
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
    ///   - more: claims of other names.
    public func mint(
        subject: String,
        scopes: [String],
        audience: String,
        lifetime: Int,
        now: UnixTime,
        also more: [JSONObject.Member] = []
    ) throws(CryptoKitError) -> String {
        let issued = Int(exactly: now.seconds.rounded(.down)) ?? 0
        let header = JSONValue.members(
            ("alg", .string(SignatureAlgorithm.es256.rawValue)),
            ("typ", .string("at+jwt")),
            ("kid", .string(keyName))
        )
        let members: [JSONObject.Member] = [
            .init(name: "iss", value: .string(issuer)), .init(name: "sub", value: .string(subject)),
            .init(name: "aud", value: .string(audience)), .init(name: "iat", value: .integer(issued)),
            .init(name: "exp", value: .integer(issued.addingReportingOverflow(lifetime).partialValue)),
            .init(name: "scope", value: .string(scopes.joined(separator: " "))),
        ]
        let claims = JSONValue.object(JSONObject(members: members + more))
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
