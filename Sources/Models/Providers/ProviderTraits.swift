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
    /// Its name, as people write it.
    public let title: String
    /// One sentence for the operator.
    public let summary: String
    /// Where the provider is when the configuration has no `base_url`, without a slash at the end; `nil` for the
    /// built-in one, and where every operator has another.
    public let base: String?
    /// What it serves in its own words. What a client asks in others is translated into `dialect`.
    public var apis: APISet = [.chatCompletions, .completions, .embeddings, .models]
    /// In which words a conversation is put to it that came in words it does not know.
    public var dialect = Exchange.Dialect.chat
    /// What it makes of that dialect (R7 and others).
    public var profile = DialectProfile()
    public var credential = CredentialForm.bearer
    /// Whether nothing can be asked without a key.
    public var needsKey = true
    /// Fields that the gate adds to every request. The client's own fields of these names never pass.
    public var fixedFields: [Field] = []
    /// Which of the client's fields pass.
    public var requestFields = RequestFieldPolicy(names: [.contentType, .accept])
    /// Which of the provider's fields pass.
    public var responseFields = ResponseFieldPolicy.openAI
    /// The field or trailer that reports usage, in the form that `UsageMetricsField` reads; it never passes.
    public var usageField: FieldName?
    /// Where its list of models is, behind the base.
    public var modelsPath = "/models"
    /// What costs nothing and is answered to a good key only, behind the base.
    public var keyTestPath = "/models"

    /// The fields of a question of the gate's own, in lower case.
    public var questionFields: [Field] {
        let version = family == .anthropic ? [Field(name: "anthropic-version", value: AnthropicFields.version)] : []
        return version + fixedFields.map { Field(name: $0.name.lowercased(), value: $0.value) }
    }

    /// Whose API it speaks.
    public var family: APIFamily { apis.contains(.messages) && kind != .echo ? .anthropic : .openAI }
}
