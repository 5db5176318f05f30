/// The kinds of provider that the gate knows; `kind` in the configuration.
public enum ProviderKind: String, Sendable, CaseIterable {
    /// OpenAI, and everything that speaks its API.
    case openai
    /// Anthropic, and everything that speaks its Messages API.
    case anthropic
    case tinfoil
    /// The built-in model, which needs no account and no network.
    case echo
}
