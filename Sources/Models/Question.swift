import OstiaryCore

/// What a client asks, and whom.
public struct Question {
    enum Subject {
        /// Which models there are.
        case list
        /// Whether there is this one.
        case model(ModelsListBody.Model)
        /// How many tokens a conversation is, by the gate's own estimate.
        case count(Asked)
        /// A conversation, who is asked, and who else may be when that one fails.
        case conversation(Asked, Models.Target, others: [Models.Target])
    }

    let subject: Subject
    /// The provider's configured name; `nil` when the gate answers by itself.
    public let provider: String?
    /// What that name stands for.
    let destination: Models.Destination?
    /// The configuration entry that matched, for journal and metrics.
    public let entry: String?

    init(
        subject: Subject,
        provider: String? = nil,
        destination: Models.Destination? = nil,
        entry: String? = nil
    ) {
        self.subject = subject
        self.provider = provider
        self.destination = destination
        self.entry = entry
    }

    /// The model as the client named it; `nil` for a question about none.
    public var model: String? {
        switch subject {
        case .list: nil
        case .model(let model): model.name
        case .count(let asked), .conversation(let asked, _, _): asked.facts.model
        }
    }

    /// The name under which the vault keeps the provider's key; `nil` for a provider that takes none.
    public var credential: String? {
        guard case .http(let provider) = destination, provider.takesKey else { return nil }
        return self.provider
    }
}
