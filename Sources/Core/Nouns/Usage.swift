/// What an exchange used, as the provider counted it. A number that the provider did not give is unknown, not zero.
public struct Usage: Hashable, Sendable {
    public var inputTokens: Int?
    public var outputTokens: Int?
    /// The part of the input that came from the provider's cache.
    public var cachedInputTokens: Int?

    public init(inputTokens: Int? = nil, outputTokens: Int? = nil, cachedInputTokens: Int? = nil) {
        self.inputTokens = inputTokens
        self.outputTokens = outputTokens
        self.cachedInputTokens = cachedInputTokens
    }

    public var isUnknown: Bool { inputTokens == nil && outputTokens == nil && cachedInputTokens == nil }
}
