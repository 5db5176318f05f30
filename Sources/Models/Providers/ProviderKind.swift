/// The kinds of provider that the gate knows; `kind` in the configuration. What each is stands in `ProviderCatalogue`.
public enum ProviderKind: String, Hashable, Sendable, CaseIterable {
    /// OpenAI, and everything that speaks its API.
    case openai
    /// Anthropic, and everything that speaks its Messages API.
    case anthropic
    case openrouter
    case together
    case xai
    case groq
    case deepseek
    case tinfoil
    case nilai
    case ollama
    /// vLLM, llama.cpp, LM Studio and the like.
    case local
    /// A server of which only the API is known.
    case custom
    /// The built-in model, which needs no account and no network.
    case echo
}
