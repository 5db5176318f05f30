import OstiaryCore
import OstiaryWire

extension ProviderTraits {
    /// OpenAI and everything that speaks its API at another `base_url`.
    ///
    /// Not passed, though its clients can send them:
    /// - `OpenAI-Organization` and `OpenAI-Project` choose who pays, which is the operator's business.
    /// - `OpenAI-Beta` opts into features whose answers may look different; none of the routes served here needs it.
    /// - `Idempotency-Key`: all callers share the operator's account, where a key that two of them use would make the
    ///   provider give one caller the other's answer.
    /// - `User-Agent` and `X-Stainless-*` describe the caller's machine.
    static let openAI = ProviderTraits(
        kind: .openai,
        summary: "OpenAI, and every server that speaks its API",
        base: "https://api.openai.com/v1",
        apis: [.chatCompletions, .completions, .embeddings, .responses, .models],
        credential: .bearer,
        fixedFields: [],
        requestFields: RequestFieldPolicy(names: [.contentType, .accept]),
        responseFields: .openAI,
        usageField: nil
    )
}

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
}
