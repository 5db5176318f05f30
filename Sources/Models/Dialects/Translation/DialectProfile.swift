public import OstiaryCore

/// What a model's provider makes of the dialect it is spoken to in: the choices that the tables of the dialects leave
/// open. Every default is what the dialect's own vendor takes.
public struct DialectProfile: Sendable {
    public enum Reasoning: String, Sendable, CaseIterable {
        /// Nobody said; what the client asked for in so many words is passed, nothing is derived.
        case unknown
        case yes
        /// Nothing about reasoning is sent.
        case no
    }

    /// Which words of JSON Schema the provider takes in tools.
    public enum SchemaRules: String, Sendable, CaseIterable {
        /// All.
        case openai
        /// Without the words that Gemini refuses.
        case gemini
        /// Without the words that small servers refuse; the same as Gemini's.
        case plain
    }

    public enum OutputBound: String, Sendable, CaseIterable {
        case maxCompletionTokens = "max_completion_tokens"
        case maxTokens = "max_tokens"
    }

    /// The role of leading instructions in Chat Completions: `system` or `developer`.
    public var systemRole = Exchange.Role.system
    /// Whether instructions may stand among the other messages; otherwise they become marked text of the user (R1).
    public var takesLaterSystem = true
    /// What Chat Completions calls the bound of the output.
    public var outputBound = OutputBound.maxCompletionTokens
    /// The most output the model has, in tokens; a wish for more is cut down to it (R20).
    public var mostOutput: Int?
    /// The bound where the client gave none and the dialect wants one.
    public var defaultOutput = 8192
    public var reasoning = Reasoning.unknown
    /// Whether the model wants its thoughts of the tool loop under way back as `reasoning_content` (R6).
    public var wantsReasoningBack = false
    /// Whether it takes `temperature` and `top_p`.
    public var takesSampling = true
    /// Whether it takes documents as files.
    public var takesFiles = true
    /// Whether a conversation may end with the model's own words (R19).
    public var takesPrefill = false
    /// Whether it knows `prompt_cache_key`.
    public var takesCacheKey = true
    public var schemas = SchemaRules.openai

    public init() {}
}
