public import OstiaryCore

/// Whom one trust rule lets in: workloads that an issuer vouches for, by the subjects of their assertions, as whom, and
/// for what.
public struct WorkloadRule: Sendable {
    /// What clients name it by: `federation_rule_id`, `identity_provider_id`.
    public let name: String
    /// The issuer, with the audiences that name this gate.
    public let issuer: TrustedIssuer
    /// The subjects: whole, or prefixes and `*`.
    public let subjects: [String]
    /// The principals that may be asked for (`service_account_id`). Without any, the assertion's subject is the principal,
    /// and none may be asked for but that.
    public let accounts: [String]
    /// The organisation that clients have to name; `nil` for any.
    public let organization: String?
    /// What the principal may do.
    public let scopes: [String]
    /// Whether an assertion counts once.
    public let isSingleUse: Bool

    public init(
        name: String,
        issuer: TrustedIssuer,
        subjects: [String],
        accounts: [String],
        organization: String?,
        scopes: [String],
        isSingleUse: Bool
    ) {
        self.name = name
        self.issuer = issuer
        self.subjects = subjects
        self.accounts = accounts
        self.organization = organization
        self.scopes = scopes
        self.isSingleUse = isSingleUse
    }

    /// Whether the rule is about this subject, compared by bytes.
    func covers(subject: String) -> Bool {
        subjects.contains { pattern in
            guard pattern.utf8.last == UInt8(ascii: "*") else { return same(pattern, subject) }
            return subject.utf8.starts(with: pattern.utf8.dropLast())
        }
    }

    /// The principal for an assertion of `subject` when `account` was asked for; `nil` where the rule has none to give.
    func principal(for subject: String, asked account: String?) -> String? {
        if accounts.isEmpty { return account.map { same($0, subject) } ?? true ? subject : nil }
        guard let account else { return accounts.count == 1 ? accounts.first : nil }
        return accounts.first { same($0, account) }
    }
}

/// What a workload asks for at the token endpoint.
public struct WorkloadRequest: Sendable {
    /// The signed assertion (RFC 7523 section 3, RFC 8693 section 2.1).
    public let assertion: [UInt8]
    public var rule: String?
    public var account: String?
    public var organization: String?
    /// `nil` for all that the rule gives.
    public var scopes: Scopes?

    public init(
        assertion: [UInt8],
        rule: String? = nil,
        account: String? = nil,
        organization: String? = nil,
        scopes: Scopes? = nil
    ) {
        self.assertion = assertion
        self.rule = rule
        self.account = account
        self.organization = organization
        self.scopes = scopes
    }
}
