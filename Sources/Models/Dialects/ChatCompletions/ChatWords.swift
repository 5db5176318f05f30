import OstiaryCore

/// What the words of Chat Completions mean, in whole answers and in streams.
enum ChatWords {
    /// Why an answer ended. Some vendors say `stop` with calls of tools, or `tool_calls` without (R13).
    static func stop(_ reason: JSONText?, hasCalls: Bool, isRefused: Bool) -> Exchange.Stop {
        if isRefused { return .refusal }
        switch reason?.string {
        case "length": return .length
        case "content_filter": return .refusal
        default: return hasCalls ? .toolUse : .end
        }
    }

    /// The same by the word alone; any that is not known is an ordinary end.
    static func stop(word: Span<UInt8>) -> Exchange.Stop {
        if word.equals("length") { return .length }
        if word.equals("content_filter") { return .refusal }
        return word.equals("tool_calls") || word.equals("function_call") ? .toolUse : .end
    }

    static func word(_ stop: Exchange.Stop) -> StaticString {
        switch stop {
        case .end, .stopSequence, .pause: "stop"
        case .toolUse: "tool_calls"
        case .length, .contextFull: "length"
        case .refusal: "content_filter"
        }
    }

    /// Thoughts, in the words of DeepSeek and most servers, or of OpenRouter.
    static func reasoning(_ message: JSONSlice) -> JSONText? {
        if let text = message["reasoning_content"]?.text, !text.isEmpty { return text }
        if let text = message["reasoning"]?.text, !text.isEmpty { return text }
        guard let details = message["reasoning_details"], details.kind == .array else { return nil }
        let texts = details.elements.compactMap { $0["text"]?.text ?? $0["summary"]?.text }
        let joined = JSONText(joining: texts)
        return joined.isEmpty ? nil : joined
    }

    static func tokens(_ usage: JSONSlice) -> Exchange.Tokens {
        let details = usage["prompt_tokens_details"]
        return Exchange.Tokens(
            allInput: usage["prompt_tokens"]?.count,
            // DeepSeek's own word comes second.
            cacheRead: details?["cached_tokens"]?.count ?? usage["prompt_cache_hit_tokens"]?.count,
            cacheWrite: details?["cache_write_tokens"]?.count,
            output: usage["completion_tokens"]?.count,
            thinking: usage["completion_tokens_details"]?["reasoning_tokens"]?.count
        )
    }

    static func write(_ tokens: Exchange.Tokens, to out: inout ByteWriter) {
        out.writeStaticString("{")
        out.name("prompt_tokens")
        out.json(tokens.allInput ?? 0)
        out.name("completion_tokens")
        out.json(tokens.output ?? 0)
        out.name("total_tokens")
        out.json(tokens.total)
        OpenAIUsage.writeInput("prompt_tokens_details", tokens, to: &out)
        OpenAIUsage.writeOutput("completion_tokens_details", tokens, to: &out)
        EstimateMark.write(tokens, to: &out)
        out.writeStaticString("}")
    }
}

extension JSONSlice {
    /// A count of tokens: whole, not negative, and small enough to be added to others.
    var count: Int? {
        guard let int, int >= 0, int < 1_000_000_000_000_000 else { return nil }
        return int
    }
}

/// How a usage that the gate estimated says so: a member beside the numbers, which clients pass over.
enum EstimateMark {
    static func write(_ tokens: Exchange.Tokens, to out: inout ByteWriter) {
        guard tokens.isEstimated else { return }
        out.name("ostiary_estimated")
        out.json(true)
    }
}
