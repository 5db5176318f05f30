import Crypto
import CryptoExtras
import OstiaryCore

/// Something that signs tokens in a test.
struct Signer: Sendable {
    enum Key: Sendable {
        case p256(P256.Signing.PrivateKey)
        case p384(P384.Signing.PrivateKey)
        case p521(P521.Signing.PrivateKey)
        case ed25519(Curve25519.Signing.PrivateKey)
        case rsa(_RSA.Signing.PrivateKey)
    }

    let name: String
    let key: Key

    init(_ name: String, _ key: Key = .p256(P256.Signing.PrivateKey())) {
        self.name = name
        self.key = key
    }

    /// One for the whole run, since making one is slow.
    static let rsa: Signer? = (try? _RSA.Signing.PrivateKey(keySize: .bits2048)).map { Signer("rsa", .rsa($0)) }

    /// The members of the public key that its type wants, as JSON text without braces.
    var material: String {
        switch key {
        case .p256(let key): Self.point("P-256", Array(key.publicKey.rawRepresentation))
        case .p384(let key): Self.point("P-384", Array(key.publicKey.rawRepresentation))
        case .p521(let key): Self.point("P-521", Array(key.publicKey.rawRepresentation))
        case .ed25519(let key):
            #""kty":"OKP","crv":"Ed25519","x":"\#(Base64URL.encode(Array(key.publicKey.rawRepresentation)))""#
        case .rsa(let key):
            if let numbers = try? key.publicKey.getKeyPrimitives() {
                #""kty":"RSA","n":"\#(Base64URL.encode(Array(numbers.modulus)))","e":"AQAB""#
            } else {
                ""
            }
        }
    }

    private static func point(_ curve: String, _ raw: [UInt8]) -> String {
        let x = Base64URL.encode(Array(raw.prefix(raw.count / 2)))
        let y = Base64URL.encode(Array(raw.suffix(raw.count / 2)))
        return #""kty":"EC","crv":"\#(curve)","x":"\#(x)","y":"\#(y)""#
    }

    /// The public key as a JWK, with more members as JSON text.
    func jwk(_ more: String? = nil) -> String {
        let more = more ?? #""kid":"\#(name)""#
        return more.isEmpty ? "{\(material)}" : "{\(material),\(more)}"
    }

    func sign(_ input: [UInt8], _ algorithm: String) throws -> [UInt8] {
        switch key {
        case .p256(let key): Array(try key.signature(for: input).rawRepresentation)
        case .p384(let key): Array(try key.signature(for: input).rawRepresentation)
        case .p521(let key): Array(try key.signature(for: input).rawRepresentation)
        case .ed25519(let key): Array(try key.signature(for: input))
        case .rsa(let key):
            switch algorithm {
            case "PS256": Array(try key.signature(for: SHA256.hash(data: input), padding: .PSS).rawRepresentation)
            case "PS384": Array(try key.signature(for: SHA384.hash(data: input), padding: .PSS).rawRepresentation)
            case "PS512": Array(try key.signature(for: SHA512.hash(data: input), padding: .PSS).rawRepresentation)
            case "RS384":
                Array(try key.signature(for: SHA384.hash(data: input), padding: .insecurePKCS1v1_5).rawRepresentation)
            case "RS512":
                Array(try key.signature(for: SHA512.hash(data: input), padding: .insecurePKCS1v1_5).rawRepresentation)
            default:
                Array(try key.signature(for: SHA256.hash(data: input), padding: .insecurePKCS1v1_5).rawRepresentation)
            }
        }
    }

    var algorithm: String {
        switch key {
        case .p256: "ES256"
        case .p384: "ES384"
        case .p521: "ES512"
        case .ed25519: "EdDSA"
        case .rsa: "RS256"
        }
    }

    /// A signed token of this header and payload, spelled as given.
    func token(header: String? = nil, payload: String) throws -> String {
        let header = header ?? #"{"alg":"\#(algorithm)","kid":"\#(name)"}"#
        return try token(header: Array(header.utf8), payload: Array(payload.utf8))
    }

    func token(header: [UInt8], payload: [UInt8], algorithm: String? = nil) throws -> String {
        let input = Base64URL.encode(header) + "." + Base64URL.encode(payload)
        let signature = try sign(Array(input.utf8), algorithm ?? self.algorithm)
        return input + "." + Base64URL.encode(signature)
    }
}

/// A key set document of these keys.
func document(_ keys: String...) -> [UInt8] {
    Array(#"{"keys":[\#(keys.joined(separator: ","))]}"#.utf8)
}

/// The time at which the tests begin.
let start = 1_800_000_000

/// Claims that pass, with changes: JSON text by name, `nil` to leave one out.
func claims(_ changes: [String: String?] = [:]) -> String {
    var members: [(String, String)] = [
        ("iss", #""https://idp.example""#), ("sub", #""user-1""#), ("aud", #""https://gate.example""#),
        ("iat", "\(start - 60)"), ("exp", "\(start + 600)"), ("scope", #""inference other""#),
    ]
    for (name, value) in changes.sorted(by: { $0.key < $1.key }) {
        members.removeAll { $0.0 == name }
        if let value { members.append((name, value)) }
    }
    return "{" + members.map { #""\#($0.0)":\#($0.1)"# }.joined(separator: ",") + "}"
}
