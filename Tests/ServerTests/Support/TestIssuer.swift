import Crypto
import OstiaryCore

/// Something that signs ES256 tokens in a test, with any key name.
struct TestIssuer: Sendable {
    let issuer: String
    let name: String
    private let key = P256.Signing.PrivateKey()

    init(_ issuer: String = "https://idp.example", name: String = "key-1") {
        self.issuer = issuer
        self.name = name
    }

    /// The public key as a JWK.
    var jwk: String {
        let point = Array(key.publicKey.rawRepresentation)
        let x = Base64URL.encode(Array(point.prefix(32)))
        let y = Base64URL.encode(Array(point.suffix(32)))
        return #"{"kty":"EC","crv":"P-256","x":"\#(x)","y":"\#(y)","kid":"\#(name)"}"#
    }

    /// A token that passes at `now`.
    /// - Parameter tail: more claims as JSON text, such as `"jti":"1"`.
    func token(
        sub: String = "user-1",
        scope: String = "inference",
        now: UnixTime,
        lifetime: Int = 600,
        kid: String? = nil,
        tail: String = ""
    ) -> String {
        let issued = Int(now.seconds)
        let header = #"{"alg":"ES256","kid":"\#(kid ?? name)"}"#
        let claims =
            #"{"iss":"\#(issuer)","sub":"\#(sub)","aud":"gate","iat":\#(issued),"exp":\#(issued + lifetime),"#
            + #""scope":"\#(scope)"\#(tail.isEmpty ? "" : "," + tail)}"#
        let input = Base64URL.encode(Array(header.utf8)) + "." + Base64URL.encode(Array(claims.utf8))
        let signature = (try? key.signature(for: Array(input.utf8))).map { Array($0.rawRepresentation) }
        return input + "." + Base64URL.encode(signature ?? [])
    }

    static func keySet(_ issuers: TestIssuer...) -> String {
        #"{"keys":[\#(issuers.map(\.jwk).joined(separator: ","))]}"#
    }
}
