public import OstiaryCore
import OstiaryWire

extension Usage {
    /// What a question alone is, of which nothing more is known: its provider was asked, and never heard out.
    public static func ofQuestion(bytes: Int) -> Usage { Usage(inputTokens: UsageEstimate.tokens(ofBytes: bytes)) }
}

extension Carried {
    /// What was used, as far as the provider said; estimated where it did not, and where an answer was cut before it
    /// could say how much it wrote. Nothing for a provider's refusal.
    /// - Parameter question: bytes of the client's body.
    public func usage(ofQuestion question: Int) -> (usage: Usage, isEstimated: Bool) {
        guard 200..<300 ~= delivery.status else { return (usage, isEstimated) }
        var (usage, isEstimated) = (usage, isEstimated)
        if usage.inputTokens == nil {
            usage.inputTokens = UsageEstimate.tokens(ofBytes: question)
            isEstimated = true
        }
        let written = textBytes > 0 ? UsageEstimate.tokens(ofBytes: textBytes) : 0
        // Messages say 1 when they begin and the truth when they end.
        let isOpen = delivery.cut != nil && stop == nil
        if written > 0, usage.outputTokens == nil || isOpen && written > usage.outputTokens ?? 0 {
            usage.outputTokens = written
            isEstimated = true
        }
        return (usage, isEstimated)
    }
}
