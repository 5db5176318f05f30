/// What a supervisor is asked to run.
public struct ChildOrder: Sendable {
    /// What it is for: the provider's name.
    public var label: String
    public var plan: ChildPlan
    /// What else makes two orders differ, such as the models of a configuration that the plan only names a file of.
    public var variant: String
    public var secrets: [ChildSecret]

    public init(label: String, plan: ChildPlan, variant: String = "", secrets: [ChildSecret] = []) {
        self.label = label
        self.plan = plan
        self.variant = variant
        self.secrets = secrets
    }

    /// Whether the other one asks for the same child. Secrets do not count: they rotate.
    public func isSame(as other: ChildOrder) -> Bool {
        label == other.label && plan == other.plan && variant == other.variant
    }
}
