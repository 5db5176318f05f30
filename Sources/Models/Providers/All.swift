/// Every kind of provider. A new one is one file beside this one and one line here.
public enum ProviderCatalogue {
    public static let all: [ProviderTraits] = [.openAI, .anthropic, .tinfoil, .echo]

    /// The traits of a kind.
    public static func traits(of kind: ProviderKind) -> ProviderTraits {
        switch kind {
        case .openai: .openAI
        case .anthropic: .anthropic
        case .tinfoil: .tinfoil
        case .echo: .echo
        }
    }
}
