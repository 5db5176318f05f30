/// Whose clients read an answer: errors and lists of models are spelled in the words of one family or the other.
public enum APIFamily: String, Sendable, CaseIterable {
    /// Chat Completions, completions, embeddings and Responses.
    case openAI
    /// Messages.
    case anthropic
}
