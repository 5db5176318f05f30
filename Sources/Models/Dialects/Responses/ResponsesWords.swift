import OstiaryCore

/// What the words of the Responses API mean, in whole answers and in streams.
enum ResponsesWords {
    static func stop(_ response: JSONSlice, hasCalls: Bool, isRefused: Bool) -> Exchange.Stop {
        if isRefused { return .refusal }
        if response["status"]?.string == "incomplete" {
            switch response["incomplete_details"]?["reason"]?.string {
            case "content_filter": return .refusal
            case "max_output_tokens": return .length
            default: return .pause
            }
        }
        return hasCalls ? .toolUse : .end
    }

    /// What an incomplete answer lacks, by the word of `incomplete_details` alone.
    static func stop(incomplete word: Span<UInt8>) -> Exchange.Stop {
        if word.equals("max_output_tokens") { return .length }
        return word.equals("content_filter") ? .refusal : .pause
    }

    /// `status`, and the reason where the answer is incomplete.
    static func status(_ stop: Exchange.Stop) -> (status: StaticString, reason: StaticString?) {
        switch stop {
        case .end, .stopSequence, .toolUse, .pause: ("completed", nil)
        case .length, .contextFull: ("incomplete", "max_output_tokens")
        case .refusal: ("incomplete", "content_filter")
        }
    }

    static func tokens(_ usage: JSONSlice) -> Exchange.Tokens {
        Exchange.Tokens(
            allInput: usage["input_tokens"]?.count,
            cacheRead: usage["input_tokens_details"]?["cached_tokens"]?.count,
            cacheWrite: usage["input_tokens_details"]?["cache_write_tokens"]?.count,
            output: usage["output_tokens"]?.count,
            thinking: usage["output_tokens_details"]?["reasoning_tokens"]?.count
        )
    }

    static func write(_ tokens: Exchange.Tokens, to out: inout ByteWriter) {
        out.writeStaticString("{")
        out.name("input_tokens")
        out.json(tokens.allInput ?? 0)
        OpenAIUsage.writeInput("input_tokens_details", tokens, to: &out)
        out.name("output_tokens")
        out.json(tokens.output ?? 0)
        OpenAIUsage.writeOutput("output_tokens_details", tokens, to: &out)
        out.name("total_tokens")
        out.json(tokens.total)
        EstimateMark.write(tokens, to: &out)
        out.writeStaticString("}")
    }

    /// An error inside a stream, or of an answer that failed.
    static func failure(_ error: JSONSlice?) -> Exchange.Failure {
        let message = error?["message"]?.text ?? JSONText("The provider broke off with an error")
        let code = error?["code"]?.text
        let status: Int
        switch code?.string ?? error?["type"]?.string {
        case "rate_limit_exceeded": status = 429
        case "overloaded", "overloaded_error": status = 529
        case "invalid_request_error", "invalid_prompt", "context_length_exceeded": status = 400
        default: status = 500
        }
        return Exchange.Failure(status: status, message: FailureText.clean(message), code: code)
    }
}
