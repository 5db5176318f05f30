import OstiaryCore
import OstiaryWire

extension ResponseFieldPolicy {
    /// What clients of the OpenAI family read. The account's own fields (`OpenAI-Organization`, `OpenAI-Project`,
    /// `Set-Cookie` and the like) are not among them.
    static let openAI = ResponseFieldPolicy(
        // The requests' rate limit is the gate's own field: what is left of the caller's rate, not of the account's.
        names: [
            .contentType, .contentEncoding, .cacheControl, .retryAfter, .retryAfterMilliseconds, .shouldRetry,
            .limitTokens, .remainingTokens, .resetTokens, .openAIProcessing, .openAIVersion,
        ],
        // `X-Request-Id` is the gate's; the provider's support will ask for theirs.
        renamed: [(from: .requestID, to: "x-upstream-request-id")]
    )

    /// What clients of Anthropic's API read; the organization and the workspace are nobody's business.
    static let anthropic = ResponseFieldPolicy(
        names: [
            .contentType, .contentEncoding, .cacheControl, .retryAfter, .retryAfterMilliseconds, .shouldRetry,
            .anthropicTokensLimit, .anthropicTokensRemaining, .anthropicTokensReset,
            .anthropicInputTokensLimit, .anthropicInputTokensRemaining, .anthropicInputTokensReset,
            .anthropicOutputTokensLimit, .anthropicOutputTokensRemaining, .anthropicOutputTokensReset,
        ],
        renamed: [(from: .messageRequestID, to: "x-upstream-request-id")]
    )

    /// What a client reads of an answer that was translated: when to come again and how many tokens are left, under its
    /// own family's names. When they come back is spelled so differently that it is left out.
    static func translated(for family: APIFamily) -> ResponseFieldPolicy {
        switch family {
        case .openAI: translatedForOpenAI
        case .anthropic: translatedForAnthropic
        }
    }

    private static let again: [FieldName] = [.retryAfter, .retryAfterMilliseconds, .shouldRetry]
    private static let identifiers: [(from: FieldName, to: StaticString)] = [
        (from: .requestID, to: "x-upstream-request-id"), (from: .messageRequestID, to: "x-upstream-request-id"),
    ]
    private static let translatedForOpenAI = ResponseFieldPolicy(
        names: again + [.limitTokens, .remainingTokens],
        renamed: identifiers + [
            (from: .anthropicTokensLimit, to: "x-ratelimit-limit-tokens"),
            (from: .anthropicTokensRemaining, to: "x-ratelimit-remaining-tokens"),
        ]
    )
    private static let translatedForAnthropic = ResponseFieldPolicy(
        names: again + [.anthropicTokensLimit, .anthropicTokensRemaining],
        renamed: identifiers + [
            (from: .limitTokens, to: "anthropic-ratelimit-tokens-limit"),
            (from: .remainingTokens, to: "anthropic-ratelimit-tokens-remaining"),
        ]
    )
}
