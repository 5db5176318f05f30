import OstiaryCore
import OstiaryWire

extension ProviderTraits {
    /// Tinfoil's enclaves. They report usage in a field, or in a trailer of streams, when asked to.
    static let tinfoil = ProviderTraits(
        kind: .tinfoil,
        summary: "models in Tinfoil's attested enclaves",
        base: "https://inference.tinfoil.sh/v1",
        apis: [.chatCompletions, .completions, .embeddings, .responses, .models],
        credential: .bearer,
        fixedFields: [Field(name: "X-Tinfoil-Request-Usage-Metrics", value: "true")],
        requestFields: RequestFieldPolicy(names: [.contentType, .accept]),
        responseFields: .openAI,
        usageField: .usageMetrics
    )
}
