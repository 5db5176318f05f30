/// One key of a provider's: where it lies, how it is kept fresh, and how often it has its turn among others.
public struct KeyPlan: Hashable, Sendable {
    public let source: SourceReference
    public let refresh: RefreshPlan
    /// At least 1.
    public let weight: Int

    public init(_ source: SourceReference, refresh: RefreshPlan = RefreshPlan(), weight: Int = 1) {
        self.source = source
        self.refresh = refresh
        self.weight = max(weight, 1)
    }
}
