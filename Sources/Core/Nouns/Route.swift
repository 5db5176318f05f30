/// A registered place behind the public door: its path, its methods and what a caller needs to enter.
///
/// Routes are declared in one table (Server, `Routes.swift`). A path that is not in the table has no route, and a
/// route cannot be declared without saying who may (SEC-004, SEC-301).
public struct Route: Hashable, Sendable {
    /// What is asked of a route; decides which scopes are needed.
    public enum Kind: String, Sendable, CaseIterable {
        /// Inference: chat and text completions, embeddings, responses, messages.
        case chat
        /// The list of models.
        case models
    }

    /// Who may enter.
    public enum Access: Hashable, Sendable {
        /// Anybody, without a credential.
        case open
        /// Whoever brings a signed assertion in the body: the token endpoint.
        case assertion
        /// A known caller with the scopes that the charter asks for this kind.
        case known(Kind)
    }

    /// What is asked for, and in which API's words.
    public enum API: UInt8, Sendable, CaseIterable {
        // OpenAI's
        case chatCompletions, completions, embeddings, responses
        // Anthropic's
        case messages, tokenCount
        // Both have these, at the same paths: who asks decides how the answer is spelled.
        case models, model

        /// Whose words these are; `nil` where both have them.
        public var family: APIFamily? {
            switch self {
            case .chatCompletions, .completions, .embeddings, .responses: .openAI
            case .messages, .tokenCount: .anthropic
            case .models, .model: nil
            }
        }
    }

    /// The exact path, or a path that ends in `{id}`, which stands for anything; also the name of the route in logs and
    /// metrics, so it never holds an identifier.
    public let path: String
    public let methods: [Method]
    public let access: Access
    /// `nil` for what is of no API: the gate's own documents.
    public let api: API?

    public init(path: String, methods: [Method], access: Access, api: API? = nil) {
        self.path = path
        self.methods = methods
        self.access = access
        self.api = api
    }

    public var kind: Kind? {
        if case .known(let kind) = access { kind } else { nil }
    }
}
