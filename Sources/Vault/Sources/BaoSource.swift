public import OstiaryCore

/// A key in the KV store of OpenBao or HashiCorp Vault, asked for over their HTTP API.
public struct BaoSource: KeySource {
    public static let kind = "openbao"
    public static let form = "openbao: {address: URL, path: PATH}"
    public static let trimsLineEnd = true
    public static let standardTTL: Double? = 300

    /// Where it is, one address for each of its servers, asked in this order; empty for `BAO_ADDR`, then `VAULT_ADDR`.
    public var addresses: [String] = []
    /// Where the KV engine is mounted.
    public var mount = "secret"
    public var path = ""
    public var field = "api_key"
    /// 1 or 2.
    public var version = 2
    /// `nil` for `BAO_NAMESPACE`, then `VAULT_NAMESPACE`.
    public var namespace: String?
    /// A file with the authority's certificates; `nil` for `BAO_CACERT`, then `VAULT_CACERT`, then the system's.
    public var authority: String?
    /// `nil` for the token in `BAO_TOKEN`, then `VAULT_TOKEN`.
    public var login: BaoLogin?

    /// The variables that may hold a token.
    public static let secretVariables = ["BAO_TOKEN", "VAULT_TOKEN"]
    private static let plainNames = ["ADDR", "NAMESPACE", "CACERT"]

    public init() {}

    public var label: String { "openbao key \(FilePath.shown("\(mount)/\(path)"))" }
    public var variables: [String] { Self.plainNames.flatMap { ["BAO_\($0)", "VAULT_\($0)"] } }

    /// Statuses of a server that cannot answer now while another one may: rate limit, standby, performance standby,
    /// sealed.
    private static let elsewhere: Set<Int> = [412, 429, 472, 473, 500, 502, 503]

    public func fetch(_ surroundings: Surroundings) async throws(SourceFault) -> KeyMaterial {
        let addresses = addresses.isEmpty ? [Self.given("ADDR", surroundings)].compactMap { $0 } : addresses
        guard !addresses.isEmpty else {
            throw .refused(label: label, reason: "no address is named; set address or BAO_ADDR")
        }
        let client = BaoClient(self, addresses, surroundings)
        let first = try await client.login()
        var answer = try await client.get(dataPath, first)
        if answer.status == 403 {
            // The token may have been revoked; a new one is asked for once.
            surroundings.shelf.forget(first, client.key)
            let second = try await client.login()
            if !second.token.hasSameBytes(as: first.token) { answer = try await client.get(dataPath, second) }
        }
        switch answer.status {
        case 200: return try read(answer)
        case 403: throw .refused(label: label, reason: "permission denied; its policy needs read on \(dataPath)")
        case 404: throw .missing(label: label)
        default: throw .unreadable(label: label, reason: "status \(answer.status)")
        }
    }

    private var dataPath: String { version == 1 ? "\(mount)/\(path)" : "\(mount)/data/\(path)" }

    private func read(_ answer: OutboundAnswer) throws(SourceFault) -> KeyMaterial {
        guard let document = SecretDocument(answer.body) else {
            throw .unreadable(label: label, reason: "the answer is no JSON document")
        }
        guard let key = document.bytes((version == 1 ? ["data"] : ["data", "data"]) + [field]) else {
            throw .refused(label: label, reason: "it has no field of that name")
        }
        // Of a key without a lease the duration is only advice.
        let isLeased = !(document.text("lease_id") ?? "").isEmpty
        return KeyMaterial(key, life: isLeased ? document.number("lease_duration") : nil)
    }

    static func given(_ name: String, _ surroundings: Surroundings) -> String? {
        surroundings.text("BAO_\(name)") ?? surroundings.text("VAULT_\(name)")
    }

    static func movesOn(_ status: Int) -> Bool { elsewhere.contains(status) }
}
