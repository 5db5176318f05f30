public import OstiaryCore

/// What is said of a model beyond its provider and name there: who else may answer for it, and how one of them is
/// chosen. A model without any of it has no rules, and costs nothing here.
public final class ModelRules: Sendable {
    /// Somebody else who may answer.
    public struct Target: Hashable, Sendable {
        public let provider: String
        /// What that provider calls the model; `nil` passes the client's name on.
        public let upstreamName: String?
        /// Its part where `Choice.weight` decides.
        public let weight: Int

        public init(provider: String, upstreamName: String? = nil, weight: Int = 1) {
            self.provider = provider
            self.upstreamName = upstreamName
            self.weight = weight
        }
    }

    /// Who is asked first; the others follow in their order when that one fails.
    public enum Choice: String, Hashable, Sendable, CaseIterable {
        /// The first one, always.
        case order
        /// Each for its part, by lot.
        case weight
        /// Of two by lot, the one that answers sooner.
        case latency
    }

    /// All who may answer, first the one that the model's line names.
    public let targets: [Target]
    public let choice: Choice
    /// The provider's name of the model that answers where much thought is asked for; `nil` for no other.
    public let reasoningName: String?
    /// Tokens that the model reads and writes at most; `nil` where nobody has said so.
    public let longestInput: Int?
    public let longestOutput: Int?
    /// `nil` for what the provider's line says.
    public let onLoss: Losses.Policy?

    public init(
        targets: [Target],
        choice: Choice = .order,
        reasoningName: String? = nil,
        longestInput: Int? = nil,
        longestOutput: Int? = nil,
        onLoss: Losses.Policy? = nil
    ) {
        self.targets = targets
        self.choice = choice
        self.reasoningName = reasoningName
        self.longestInput = longestInput
        self.longestOutput = longestOutput
        self.onLoss = onLoss
    }
}

extension ModelRules: Hashable {
    public static func == (one: ModelRules, other: ModelRules) -> Bool {
        one.targets == other.targets && one.choice == other.choice && one.reasoningName == other.reasoningName
            && one.longestInput == other.longestInput && one.longestOutput == other.longestOutput
            && one.onLoss == other.onLoss
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(targets)
        hasher.combine(choice)
    }
}
