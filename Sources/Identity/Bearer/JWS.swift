import OstiaryCore

/// A compact JSON Web Signature (RFC 7515 section 7.1), taken apart strictly and not yet believed.
///
/// `jwk`, `jku`, `x5u` and `x5c` are never used: a token does not bring its own trust.
public struct JWS: Sendable {
    /// The header's `alg` as it stands there.
    public let algorithm: String
    /// The header's `kid`.
    public let keyName: String?
    /// The header's `typ`.
    public let type: String?
    /// The decoded payload; nothing says that it is JSON.
    public let payload: [UInt8]
    let header: JSONObject
    let signature: [UInt8]
    private let token: [UInt8]
    private let signedLength: Int

    /// Takes `token` apart.
    /// - Throws: `tooLarge`, `malformed`, `duplicateMember`, `crit`, `typ` (nested tokens), `unknownKey` (a `kid` over
    ///   the limit).
    public init(compact token: [UInt8], limits: TokenLimits = TokenLimits()) throws(TokenFault) {
        guard token.count <= limits.token else { throw .tooLarge }
        guard let first = token.firstIndex(of: UInt8(ascii: ".")),
            let second = token[(first + 1)...].firstIndex(of: UInt8(ascii: ".")),
            let headerBytes = Base64URL.decode(token.span.extracting(0..<first)),
            let payload = Base64URL.decode(token.span.extracting(first + 1..<second)),
            let signature = Base64URL.decode(token.span.extracting(second + 1..<token.count))
        else { throw .malformed }

        let header = try Self.object(headerBytes, depth: limits.depth)
        guard let algorithm = header["alg"]?.string else { throw .malformed }
        if header["crit"] != nil { throw .crit }
        if header["zip"] != nil { throw .malformed }
        if header["cty"] != nil { throw .typ }
        let keyName = try Self.text(header["kid"])
        if let keyName, keyName.utf8.count > limits.keyName { throw .unknownKey }

        self.algorithm = algorithm
        self.keyName = keyName
        self.type = try Self.text(header["typ"])
        self.header = header
        self.payload = payload
        self.signature = signature
        self.token = token
        self.signedLength = second
    }

    /// What the signature is said to sign (RFC 7515 section 5.1).
    var signed: ArraySlice<UInt8> { token[..<signedLength] }

    /// Whether the signature was made by the owner of `key` with `algorithm`, which the caller has allowed and compared
    /// with the header.
    func isSigned(by key: VerificationKey, with algorithm: SignatureAlgorithm) -> Bool {
        key.verifies(signature, of: signed, with: algorithm)
    }

    /// Whether `typ` is one of `types`; media type names compare without regard to case, and `application/` may be
    /// written out (RFC 7515 section 4.1.9).
    func hasType(among types: [String], required: Bool) -> Bool {
        guard let type else { return !required }
        let name = type.utf8.lazy.map(Self.lowercase)
        let prefix = "application/".utf8
        let subtype = name.starts(with: prefix) ? type.utf8.dropFirst(prefix.count) : type.utf8[...]
        return types.contains { $0.utf8.lazy.map(Self.lowercase).elementsEqual(subtype.lazy.map(Self.lowercase)) }
    }

    /// Reads bytes that must be one JSON object.
    static func object(_ bytes: [UInt8], depth: Int) throws(TokenFault) -> JSONObject {
        do throws(JSONFault) {
            guard case .object(let object) = try JSONReader.read(bytes, depth: depth) else {
                throw JSONFault(.syntax, at: 0)
            }
            return object
        } catch {
            throw TokenFault(error)
        }
    }

    private static func text(_ value: JSONValue?) throws(TokenFault) -> String? {
        switch value {
        case nil: return nil
        case .string(let text): return text
        default: throw .malformed
        }
    }

    private static func lowercase(_ byte: UInt8) -> UInt8 {
        byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte
    }
}
