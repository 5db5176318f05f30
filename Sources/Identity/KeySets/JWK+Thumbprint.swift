import Crypto
public import OstiaryCore

extension JWK {
    /// The base64url of the SHA-256 of the key's required members in their canonical form (RFC 7638), or `nil` for a
    /// key of another type or with a required member missing.
    public static func thumbprint(of key: JSONObject) -> String? {
        let required: [String]
        switch key["kty"]?.string {
        case "EC": required = ["crv", "kty", "x", "y"]
        case "OKP": required = ["crv", "kty", "x"]
        case "RSA": required = ["e", "kty", "n"]
        default: return nil
        }
        var members: [JSONObject.Member] = []
        for name in required {
            guard case .string(let text) = key[name] else { return nil }
            members.append(.init(name: name, value: .string(text)))
        }
        let canonical = JSONWriter.write(.object(JSONObject(members: members)))
        return Base64URL.encode(Array(SHA256.hash(data: canonical)))
    }
}
