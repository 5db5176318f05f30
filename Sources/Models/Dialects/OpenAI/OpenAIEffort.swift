import OstiaryCore

/// How hard a model of OpenAI's APIs is to think: the effort that was asked for, or what a budget of tokens comes to.
enum OpenAIEffort {
    /// - Returns: Nothing where nothing is to be said; what the provider cannot be told is noted as a loss.
    static func of(_ request: Exchange.Request, _ profile: DialectProfile, _ losses: inout Losses) -> JSONText? {
        if let effort = request.effort {
            if profile.reasoning != .no { return effort }
            losses.hint(name(in: request.origin))
            return nil
        }
        guard let thinking = request.thinking else { return nil }
        switch thinking.kind {
        case .budget(let budget):
            guard profile.reasoning == .yes else {
                losses.hint("thinking")
                return nil
            }
            switch budget ?? 0 {
            case ..<4000: return JSONText("low")
            case ..<16000: return JSONText("medium")
            default: return JSONText("high")
            }
        case .off: return profile.reasoning == .yes ? JSONText("none") : nil
        // The model decides, as it does where nothing is said.
        case .adaptive: return nil
        case .other:
            losses.hint("thinking")
            return nil
        }
    }

    private static func name(in origin: Exchange.Dialect) -> String {
        switch origin {
        case .messages: "output_config.effort"
        case .chat: "reasoning_effort"
        case .responses: "reasoning.effort"
        }
    }
}
