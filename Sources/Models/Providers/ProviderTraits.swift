public import OstiaryCore
public import OstiaryWire

/// What the gate must know of a kind of provider to carry an exchange to it and back.
public struct ProviderTraits: Sendable {
    /// How the provider wants its credential.
    public enum CredentialForm: Hashable, Sendable {
        /// `Authorization: Bearer` and the secret (RFC 6750 section 2.1).
        case bearer
        /// `x-api-key`, as Anthropic has it.
        case apiKey
        /// The provider takes none.
        case none
    }

    /// A field that the gate sets itself.
    public struct Field: Hashable, Sendable {
        public let name: String
        public let value: String
    }

    public let kind: ProviderKind
    /// One sentence for the operator.
    public let summary: String
    /// Where the provider is when the configuration has no `base_url`, without a slash at the end; `nil` for the
    /// built-in one.
    public let base: String?
    /// What it serves in its own words.
    public let apis: APISet
    public let credential: CredentialForm
    /// Fields that the gate adds to every request. The client's own fields of these names never pass.
    public let fixedFields: [Field]
    /// Whose API it speaks.
    public var family: APIFamily { apis.contains(.messages) ? .anthropic : .openAI }
    /// Which of the client's fields pass.
    public let requestFields: RequestFieldPolicy
    /// Which of the provider's fields pass.
    public let responseFields: ResponseFieldPolicy
    /// The field or trailer that reports usage, in the form that `UsageMetricsField` reads; it never passes.
    public let usageField: FieldName?
}
