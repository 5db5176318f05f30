public import OstiaryCore

/// Makes tokens: roots, delegations and invocations, in the layout that nuc 0.1.0 writes, so that the same key, members and
/// nonce give the same bytes.
public struct NucMint: Sendable {
    /// What a token is to say.
    public struct Wish: Sendable {
        public var audience: DID
        public var subject: DID
        public var command: NucCommand
        /// The rules of a delegation, as they stand in JSON; `nil` for an invocation.
        public var policy: [JSONValue]?
        /// The arguments of an invocation.
        public var arguments = JSONObject(members: [])
        public var notBefore: Int?
        public var expires: Int?
        public var meta: JSONObject?

        public init(delegationTo audience: DID, subject: DID, command: NucCommand, policy: [JSONValue] = []) {
            self.audience = audience
            self.subject = subject
            self.command = command
            self.policy = policy
        }

        public init(
            invocationFor audience: DID,
            subject: DID,
            command: NucCommand,
            arguments: JSONObject = JSONObject(members: [])
        ) {
            self.audience = audience
            self.subject = subject
            self.command = command
            self.arguments = arguments
        }
    }

    /// Which form the tokens have.
    public enum Version: Sendable {
        case version0, version1
    }

    public static let nonceBytes = 16

    private let key: Secp256k1SecretKey
    private let version: Version

    public init(_ key: Secp256k1SecretKey, version: Version = .version0) {
        self.key = key
        self.version = version
    }

    /// Who issues.
    public var issuer: DID { DID(key.publicKey, method: version == .version0 ? .nil : .key) }

    /// The text of a new token, in front of the envelope that it stands on.
    /// - Parameters:
    ///   - envelope: the parent with its proofs; `nil` for a root.
    ///   - nonce: at least one byte; random unless it has to be known.
    public func make(_ wish: Wish, on envelope: NucEnvelope? = nil, nonce: [UInt8]? = nil) -> [UInt8] {
        var random = SystemRandomNumberGenerator()
        let nonce = nonce ?? (0..<Self.nonceBytes).map { _ in random.next() }
        var text: [UInt8] = []
        let header = version == .version0 ? NucHeader.text0 : NucHeader.text1
        Base64URL.append(header.span, to: &text)
        text.append(UInt8(ascii: "."))
        Base64URL.append(payload(wish, parent: envelope?.tokens.first, nonce).span, to: &text)
        let signature = key.sign(text)
        text.append(UInt8(ascii: "."))
        Base64URL.append(signature.span, to: &text)
        for token in envelope?.tokens ?? [] {
            text.append(UInt8(ascii: "/"))
            text += token.text
        }
        return text
    }

    private func payload(_ wish: Wish, parent: NucToken?, _ nonce: [UInt8]) -> [UInt8] {
        var members: [JSONObject.Member] = []
        func add(_ name: String, _ value: JSONValue?) {
            if let value { members.append(.init(name: name, value: value)) }
        }
        add("iss", .string("\(issuer)"))
        add("aud", .string("\(wish.audience)"))
        add("sub", .string("\(wish.subject)"))
        add("nbf", wish.notBefore.map { .integer($0) })
        add("exp", wish.expires.map { .integer($0) })
        add("cmd", .string("\(wish.command)"))
        if let policy = wish.policy { add("pol", .array(policy)) } else { add("args", .object(wish.arguments)) }
        add("meta", wish.meta.map { .object($0) })
        add("nonce", .string(Hex.encode(nonce)))
        add("prf", parent.map { .array([.string("\($0.hash)")]) })
        return PythonJSON.write(.object(JSONObject(members: members)))
    }
}
