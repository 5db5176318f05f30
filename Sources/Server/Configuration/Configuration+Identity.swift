public import OstiaryCore
public import OstiaryWire

extension Configuration {
    /// Who may be believed.
    public struct Identity: Hashable, Sendable {
        /// The issuers of bearer tokens, in the file's order. Empty only where development mode brings its own.
        public var jwt: [TokenIssuer] = []
        /// Who is known by a client certificate.
        public var certificates: CertificateCallers = CertificateCallers()
        /// The file of virtual keys; `nil` where there are none.
        public var keys: String?
        /// Who gets a token of the gate's own for what its platform says of it.
        public var workloads: Workloads = Workloads()
        /// Who is known by capability tokens.
        public var nuc: Capabilities = Capabilities()
        /// Whether the gate gives its owner short tokens at the admin door.
        public var local: Bool = false
        /// Where the key of the pseudonyms lies: 64 hex digits. `nil` means a random key for this process.
        public var hashKey: SecretReference?
        /// How ES256 signatures are checked.
        public var signatureCheck: SignatureCheck = .fast

        public init() {}
    }

    /// How ES256 signatures are checked.
    public enum SignatureCheck: String, Sendable, CaseIterable {
        /// By tables of the keys' multiples, with the library watching over them.
        case fast
        /// By the library alone.
        case library
    }

    /// One issuer of bearer tokens and what its tokens must be like.
    public struct TokenIssuer: Hashable, Sendable {
        /// Where a key set lies.
        public enum KeySource: Hashable, Sendable {
            /// An absolute `https` URL, or `http` on loopback.
            case url(String)
            /// A file's path.
            case file(String)
        }

        /// The `iss` that tokens must have, by bytes; `nil` means it is not checked, and then `audiences` is not empty.
        public var issuer: String?
        public var jwks: KeySource = .url("")
        /// Where the name in the key set's URL may lead; `nil` for what the name says by itself.
        public var addresses: AddressRules.Reach?
        /// One of these must be in `aud`; empty means `aud` is not checked, and then `issuer` is not `nil`.
        public var audiences: [String] = []
        public var algorithms: [Algorithm] = [.es256]
        /// The scopes that each kind of route asks for. Every kind has an entry; an empty one asks for none.
        public var scopes: [Route.Kind: [String]] = [.chat: ["inference"], .models: ["inference"]]
        /// Seconds that clocks may differ.
        public var leeway: Double = 30
        /// The most seconds between `iat` and `exp`.
        public var maxLifetime: Double = 86_400

        public init() {}
    }

    /// The signature algorithms that can be asked for (RFC 7518 section 3.1, RFC 8037).
    public enum Algorithm: String, Sendable, CaseIterable {
        case es256 = "ES256"
        case es384 = "ES384"
        case rs256 = "RS256"
        case ps256 = "PS256"
        case eddsa = "EdDSA"
    }
}
