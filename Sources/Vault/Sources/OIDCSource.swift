public import OstiaryCore

/// An access token that an authorization server gives to the gate itself: the client credentials grant (RFC 6749
/// section 4.4), with a secret or an assertion (RFC 7523 section 2.2).
public struct OIDCSource: KeySource {
    /// How the gate says who it is.
    public enum Proof: Hashable, Sendable {
        /// In the `Authorization` field (RFC 6749 section 2.3.1).
        case basic(SourceReference)
        /// In the body.
        case post(SourceReference)
        /// A signed statement that lies somewhere, kept fresh by others, such as a pod's token.
        case assertion(SourceReference)

        var reference: SourceReference {
            switch self {
            case .basic(let reference), .post(let reference), .assertion(let reference): reference
            }
        }
    }

    public static let kind = "oidc"
    public static let form = "oidc: {token_url: URL, client_id: ID, client_secret: env:NAME}"
    public static let trimsLineEnd = false
    public static let standardTTL: Double? = 300

    /// The token endpoint.
    public var url = ""
    public var client = ""
    public var proof: Proof
    public var scope: String?
    public var audience: String?
    /// A file with the authority's certificates; `nil` for the system's.
    public var authority: String?

    public init(proof: Proof) {
        self.proof = proof
    }

    public var label: String { "access token of client \(FilePath.shown(client))" }

    public func fetch(_ surroundings: Surroundings) async throws(SourceFault) -> KeyMaterial {
        let secret = try surroundings.secret(proof.reference)
        var request = OutboundRequest(.post, url)
        request.authority = authority
        request.fields = [
            (name: "content-type", value: Array("application/x-www-form-urlencoded".utf8)),
            (name: "accept", value: Array("application/json".utf8)),
        ]
        request.body = form(secret)
        if case .basic = proof { request.fields.append((name: "authorization", value: basic(secret))) }
        let answer = try await surroundings.ask(request, label: label)
        guard let document = SecretDocument(answer.body) else {
            throw .unreadable(label: label, reason: "status \(answer.status) without a JSON document")
        }
        guard answer.status == 200 else { throw fault(document, answer.status) }
        guard (document.text("token_type") ?? "").lowercased() == "bearer" else {
            throw .refused(label: label, reason: "the token is of another type than Bearer")
        }
        guard let token = document.secret("access_token") else {
            throw .unreadable(label: label, reason: "the answer holds no access_token")
        }
        return KeyMaterial(token, life: document.number("expires_in"))
    }

    private func form(_ secret: borrowing Secret) -> [UInt8] {
        var form = Array("grant_type=client_credentials".utf8)
        form.reserveCapacity(4096 + 3 * secret.count)
        func add(_ name: String, _ value: [UInt8]) {
            form.append(contentsOf: "&\(name)=".utf8)
            Self.encode(value, to: &form)
        }
        if let scope { add("scope", Array(scope.utf8)) }
        if let audience { add("audience", Array(audience.utf8)) }
        switch proof {
        case .basic: break
        case .post:
            add("client_id", Array(client.utf8))
            add("client_secret", Self.copy(secret))
        case .assertion:
            add("client_id", Array(client.utf8))
            add("client_assertion_type", Array("urn:ietf:params:oauth:client-assertion-type:jwt-bearer".utf8))
            add("client_assertion", Self.copy(secret))
        }
        return form
    }

    private func basic(_ secret: borrowing Secret) -> [UInt8] {
        var pair: [UInt8] = []
        defer { wipe(&pair) }
        Self.encode(Array(client.utf8), to: &pair)
        pair.append(UInt8(ascii: ":"))
        Self.encode(Self.copy(secret), to: &pair)
        return Array("Basic ".utf8) + Base64.encode(pair)
    }

    private static func copy(_ secret: borrowing Secret) -> [UInt8] {
        secret.withBytes { $0.withUnsafeBufferPointer { Array($0) } }
    }

    private static func encode(_ value: [UInt8], to form: inout [UInt8]) {
        for byte in value {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                form.append(byte)
            default:
                form.append(UInt8(ascii: "%"))
                form.append(contentsOf: Hex.encode([byte]).uppercased().utf8)
            }
        }
    }

    /// RFC 6749 section 5.2: the error's name is of a closed list, and nothing else of the answer is repeated.
    private func fault(_ document: SecretDocument, _ status: Int) -> SourceFault {
        switch document.text("error") ?? "" {
        case "invalid_client": .refused(label: label, reason: "invalid_client: the server does not believe the client")
        case "invalid_grant": .refused(label: label, reason: "invalid_grant: the assertion is not accepted")
        case "unauthorized_client":
            .refused(label: label, reason: "unauthorized_client: this grant is not allowed to it")
        case "invalid_scope": .refused(label: label, reason: "invalid_scope: the scope is unknown or too much")
        case "unsupported_grant_type": .refused(label: label, reason: "unsupported_grant_type")
        case "invalid_request": .refused(label: label, reason: "invalid_request")
        default: .unreadable(label: label, reason: "status \(status)")
        }
    }
}
