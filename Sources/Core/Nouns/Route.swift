/// A registered place behind the public door: its path, its methods and what a caller needs to enter.
///
/// Routes are declared in one table (Server, `Routes.swift`). A path that is not in the table has no route, and a
/// route cannot be declared without saying who may (SEC-004, SEC-301).
public struct Route: Hashable, Sendable {
    /// What is asked of a route; decides which scopes are needed.
    public enum Kind: String, Sendable, CaseIterable {
        /// Inference: chat and text completions, embeddings, responses.
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

    /// The exact path; also the name of the route in logs and metrics, so it never holds an identifier.
    public let path: String
    public let methods: [Method]
    public let access: Access

    public init(path: String, methods: [Method], access: Access) {
        self.path = path
        self.methods = methods
        self.access = access
    }

    public var kind: Kind? {
        if case .known(let kind) = access { kind } else { nil }
    }
}
