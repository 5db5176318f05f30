import OstiaryCore

/// What is accepted of tokens that a wallet signed as typed data (EIP-712). Off unless somebody allows it: the header is
/// the sender's own, and the payload's `meta` is not signed.
///
/// So the types and the domain have to be exactly the ones that there are, the chain one that is allowed, and the payload
/// without `meta`.
public struct WalletRule: Hashable, Sendable {
    /// The chains that a signature may be for.
    public let chains: Set<Int>

    public init(chains: Set<Int>) {
        self.chains = chains
    }

    private static let domainType = "EIP712Domain(string name,string version,uint256 chainId)"
    private static let common: [(name: String, type: String)] = [
        ("iss", "string"), ("aud", "string"), ("sub", "string"), ("cmd", "string"),
    ]
    private static let tail: [(name: String, type: String)] = [
        ("nbf", "uint256"), ("exp", "uint256"), ("nonce", "string"), ("prf", "string[]"),
    ]

    /// Whether the address that signed is the issuer's.
    func isGenuine(_ token: NucToken, meta: JSONObject) -> Bool {
        let payload = token.payload
        guard payload.meta == nil, payload.object["meta"] == nil, token.signature.count == 65 else { return false }
        let primary = payload.isInvocation ? "NucInvocationPayload" : "NucDelegationPayload"
        let fields = Self.common + [(payload.isInvocation ? "args" : "pol", "string")] + Self.tail
        guard let chain = allowedChain(meta), Self.isCanonical(meta, primary, fields) else { return false }
        guard let structure = Self.hash(payload, primary, fields) else { return false }
        let digest = Keccak256.hash([0x19, 0x01] + Self.domainHash(chain) + structure)
        // v is 27 or 28, or 0 or 1 as some wallets have it.
        let number = Int(token.signature[64]) - (token.signature[64] >= 27 ? 27 : 0)
        let signature = Array(token.signature.prefix(64))
        guard let key = Secp256k1PublicKey.recovered(from: signature, number: number, digest: digest) else {
            return false
        }
        // Recovery takes a high s as well; verifying does not.
        return key.verifies(signature, of: digest) && DID(key, method: .ethr) == payload.issuer
    }

    private func allowedChain(_ meta: JSONObject) -> Int? {
        guard meta.members.count == 3, let domain = meta["domain"]?.object, domain.members.count == 3,
            domain["name"]?.string?.hasSameBytes(as: "NUC") == true,
            domain["version"]?.string?.hasSameBytes(as: "1") == true,
            let chain = domain["chainId"]?.number.flatMap({ Int($0.text) }), chain >= 0
        else { return nil }
        return chains.contains(chain) ? chain : nil
    }

    /// Whether the header describes the types that there are and no others.
    private static func isCanonical(
        _ meta: JSONObject,
        _ primary: String,
        _ fields: [(name: String, type: String)]
    ) -> Bool {
        guard meta["primaryType"]?.string?.hasSameBytes(as: primary) == true, let types = meta["types"]?.object,
            let described = types[primary]?.array, described.count == fields.count
        else { return false }
        let domain = [("name", "string"), ("version", "string"), ("chainId", "uint256")]
        for member in types.members where !member.name.hasSameBytes(as: primary) {
            guard member.name.hasSameBytes(as: "EIP712Domain"), let fields = member.value.array,
                describes(fields, domain)
            else { return false }
        }
        return describes(described, fields)
    }

    private static func describes(_ described: [JSONValue], _ fields: [(name: String, type: String)]) -> Bool {
        guard described.count == fields.count else { return false }
        return zip(described, fields).allSatisfy { value, field in
            value.object?.members.count == 2 && value.object?["name"]?.string?.hasSameBytes(as: field.name) == true
                && value.object?["type"]?.string?.hasSameBytes(as: field.type) == true
        }
    }

    private static func domainHash(_ chain: Int) -> [UInt8] {
        Keccak256.hash(hash(domainType) + hash("NUC") + hash("1") + word(chain))
    }

    /// EIP-712's `hashStruct`: the type's hash and one word for each field.
    private static func hash(
        _ payload: NucPayload,
        _ primary: String,
        _ fields: [(name: String, type: String)]
    ) -> [UInt8]? {
        let list = fields.map { "\($0.type) \($0.name)" }.joined(separator: ",")
        var encoded = hash("\(primary)(\(list))")
        for field in fields {
            switch field.type {
            case "uint256":
                let date = field.name == "nbf" ? payload.notBefore : payload.expires
                guard (date ?? 0) >= 0 else { return nil }
                encoded += word(date ?? 0)
            case "string[]":
                let hashes = payload.object["prf"]?.array ?? []
                encoded += Keccak256.hash(hashes.flatMap { hash($0.string ?? "") })
            default:
                guard let value = payload.object[field.name] else { return nil }
                // Arguments and policies are signed as compact JSON.
                encoded += value.string.map { hash($0) } ?? Keccak256.hash(JSONWriter.write(value))
            }
        }
        return Keccak256.hash(encoded)
    }

    private static func hash(_ text: String) -> [UInt8] { Keccak256.hash(Array(text.utf8)) }

    /// 32 bytes, big-endian.
    private static func word(_ number: Int) -> [UInt8] {
        [UInt8](repeating: 0, count: 24) + (0..<8).reversed().map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
    }
}
