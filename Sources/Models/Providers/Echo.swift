import OstiaryCore

extension ProviderTraits {
    /// The built-in model; see `EchoModel`.
    static let echo = ProviderTraits(
        kind: .echo,
        summary: "the built-in model: repeats what it is told, needs no account",
        base: nil,
        apis: [.chatCompletions, .completions, .embeddings, .responses, .messages],
        credential: .none,
        fixedFields: [],
        requestFields: RequestFieldPolicy(names: []),
        responseFields: .openAI,
        usageField: nil
    )
}
