public import OstiaryCore
import OstiaryWire

/// Every kind of provider: where it is, how it wants its key, what it serves, and its peculiarities. A new one that
/// speaks a known API is one entry here and one case of `ProviderKind`.
public enum ProviderCatalogue {
    public static let all: [ProviderTraits] = [
        // Not passed, though clients of OpenAI's API can send them:
        // - `OpenAI-Organization` and `OpenAI-Project` choose who pays, which is the operator's business.
        // - `OpenAI-Beta` opts into features whose answers may look different; none of the routes here needs it.
        // - `Idempotency-Key`: all callers share the operator's account, where a key that two of them use would make the
        //   provider give one caller the other's answer.
        // - `User-Agent` and `X-Stainless-*` describe the caller's machine.
        ProviderTraits(
            kind: .openai,
            title: "OpenAI",
            summary: "OpenAI, and every server that speaks its API",
            base: "https://api.openai.com/v1",
            apis: [.chatCompletions, .completions, .embeddings, .responses, .models]
        ),
        anthropic(
            .anthropic,
            "Anthropic",
            "Anthropic, and every server that speaks its Messages API",
            "https://api.anthropic.com/v1"
        ),
        ProviderTraits(
            kind: .openrouter,
            title: "OpenRouter",
            summary: "OpenRouter",
            base: "https://openrouter.ai/api/v1",
            profile: profile(.maxTokens),
            // Who asks, for OpenRouter's own statistics; nothing of the caller.
            fixedFields: [
                .init(name: "HTTP-Referer", value: "http://localhost"), .init(name: "X-Title", value: "Ostiary"),
            ],
            // Its list of models needs no key, so it would call every key good.
            keyTestPath: "/key"
        ),
        ProviderTraits(
            kind: .together,
            title: "Together AI",
            summary: "Together",
            base: "https://api.together.xyz/v1",
            profile: profile(.maxTokens)
        ),
        ProviderTraits(
            kind: .xai,
            title: "xAI",
            summary: "xAI, with Grok",
            base: "https://api.x.ai/v1",
            apis: [.chatCompletions, .completions, .embeddings, .responses, .models],
            profile: profile(.maxCompletionTokens)
        ),
        ProviderTraits(
            kind: .groq,
            title: "Groq",
            summary: "Groq",
            base: "https://api.groq.com/openai/v1",
            profile: profile(.maxCompletionTokens)
        ),
        ProviderTraits(
            kind: .deepseek,
            title: "DeepSeek",
            summary: "DeepSeek",
            base: "https://api.deepseek.com/v1",
            profile: profile(.maxTokens) { $0.wantsReasoningBack = true }
        ),
        // Enclaves, which report usage in a field, or in a trailer of streams, when asked to.
        ProviderTraits(
            kind: .tinfoil,
            title: "Tinfoil",
            summary: "models in Tinfoil's attested enclaves",
            base: "https://inference.tinfoil.sh/v1",
            apis: [.chatCompletions, .completions, .embeddings, .responses, .models],
            profile: profile(.maxTokens),
            fixedFields: [.init(name: "X-Tinfoil-Request-Usage-Metrics", value: "true")],
            usageField: .usageMetrics
        ),
        ProviderTraits(
            kind: .nilai,
            title: "nilAI",
            summary: "nilAI, models in Nillion's enclaves; base_url names the node",
            base: nil,
            profile: profile(.maxTokens)
        ),
        ProviderTraits(
            kind: .ollama,
            title: "Ollama",
            summary: "Ollama on this machine, or wherever base_url says",
            base: "http://127.0.0.1:11434/v1",
            profile: profile(.maxTokens) { $0.schemas = .plain },
            needsKey: false
        ),
        ProviderTraits(
            kind: .local,
            title: "Local server",
            summary: "vLLM, llama.cpp, LM Studio and the like; base_url says where",
            base: "http://127.0.0.1:8000/v1",
            profile: profile(.maxTokens),
            needsKey: false
        ),
        custom(.chat),
        ProviderTraits(
            kind: .echo,
            title: "Echo",
            summary: "the built-in model: repeats what it is told, needs no account",
            base: nil,
            apis: [.chatCompletions, .completions, .embeddings, .responses, .messages],
            credential: .none,
            needsKey: false,
            requestFields: RequestFieldPolicy(names: [])
        ),
    ]

    private static let byKind = Dictionary(all.map { ($0.kind, $0) }) { first, _ in first }

    /// The traits of a kind.
    public static func traits(of kind: ProviderKind) -> ProviderTraits { byKind[kind] ?? custom(.chat) }

    /// A server of which nothing is known but the API it speaks.
    public static func custom(_ dialect: Exchange.Dialect) -> ProviderTraits {
        let summary = "any server; api says what it speaks"
        guard dialect != .messages else { return anthropic(.custom, "Custom", summary, nil, needsKey: false) }
        return ProviderTraits(
            kind: .custom,
            title: "Custom",
            summary: summary,
            base: nil,
            profile: profile(.maxTokens) { $0.schemas = .plain },
            needsKey: false
        )
    }

    /// `anthropic-version` and `anthropic-beta` pass as `AnthropicFields` says. Not passed, though clients can send them:
    /// `anthropic-workspace-id` and `anthropic-user-profile-id` choose who pays, and `X-Stainless-*`, `X-App`,
    /// `User-Agent` and Claude Code's session describe the caller's machine.
    private static func anthropic(
        _ kind: ProviderKind,
        _ title: String,
        _ summary: String,
        _ base: String?,
        needsKey: Bool = true
    ) -> ProviderTraits {
        ProviderTraits(
            kind: kind,
            title: title,
            summary: summary,
            base: base,
            apis: [.messages, .tokenCount, .models],
            dialect: .messages,
            credential: .apiKey,
            needsKey: needsKey,
            responseFields: .anthropic
        )
    }

    /// What servers that speak OpenAI's API and are not OpenAI make of it.
    private static func profile(
        _ bound: DialectProfile.OutputBound,
        _ change: (inout DialectProfile) -> Void = { _ in }
    ) -> DialectProfile {
        var profile = DialectProfile()
        profile.outputBound = bound
        profile.takesCacheKey = false
        change(&profile)
        return profile
    }
}
