import OstiaryCore

/// What the words of the Messages API mean, in whole answers and in streams.
enum MessagesWords {
    static func stop(_ reason: JSONText?) -> Exchange.Stop? {
        guard let reason else { return nil }
        switch reason.string {
        case "max_tokens": return .length
        case "stop_sequence": return .stopSequence
        case "tool_use": return .toolUse
        case "pause_turn": return .pause
        case "refusal": return .refusal
        case "model_context_window_exceeded": return .contextFull
        default: return .end
        }
    }

    /// The same by the word alone; any that is not known is an ordinary end.
    static func stop(word: Span<UInt8>) -> Exchange.Stop {
        Exchange.Stop.allCases.first { word.equals(Self.word($0)) } ?? .end
    }

    static func word(_ stop: Exchange.Stop) -> StaticString {
        switch stop {
        case .end: "end_turn"
        case .stopSequence: "stop_sequence"
        case .toolUse: "tool_use"
        case .length: "max_tokens"
        case .contextFull: "model_context_window_exceeded"
        case .refusal: "refusal"
        case .pause: "pause_turn"
        }
    }

    static func details(_ holder: JSONSlice) -> Exchange.StopDetails {
        let details = holder["stop_details"]?.present
        return Exchange.StopDetails(
            sequence: holder["stop_sequence"]?.text,
            category: details?["category"]?.text,
            explanation: details?["explanation"]?.text
        )
    }

    /// `stop_reason`, `stop_sequence` and `stop_details`.
    static func write(_ stop: Exchange.Stop?, _ details: Exchange.StopDetails, to out: inout ByteWriter) {
        out.name("stop_reason")
        if let stop { out.json(word(stop)) } else { out.null() }
        out.name("stop_sequence")
        if let sequence = details.sequence, stop == .stopSequence { out.json(sequence) } else { out.null() }
        out.name("stop_details")
        guard stop == .refusal else { return out.null() }
        out.writeStaticString(#"{"type":"refusal""#)
        out.name("category")
        if let category = details.category { out.json(category) } else { out.null() }
        out.name("explanation")
        if let explanation = details.explanation { out.json(explanation) } else { out.null() }
        out.writeStaticString("}")
    }

    static func tokens(_ usage: JSONSlice) -> Exchange.Tokens {
        Exchange.Tokens(
            input: usage["input_tokens"]?.count,
            cacheRead: usage["cache_read_input_tokens"]?.count,
            cacheWrite: usage["cache_creation_input_tokens"]?.count,
            output: usage["output_tokens"]?.count,
            thinking: usage["output_tokens_details"]?["thinking_tokens"]?.count
        )
    }

    static func write(_ tokens: Exchange.Tokens, to out: inout ByteWriter) {
        out.writeStaticString("{")
        out.name("input_tokens")
        out.json(tokens.input ?? 0)
        out.name("cache_creation_input_tokens")
        out.json(tokens.cacheWrite ?? 0)
        out.name("cache_read_input_tokens")
        out.json(tokens.cacheRead ?? 0)
        out.name("output_tokens")
        out.json(tokens.output ?? 0)
        if let thinking = tokens.thinking {
            out.name("output_tokens_details")
            out.writeStaticString("{")
            out.name("thinking_tokens")
            out.json(thinking)
            out.writeStaticString("}")
        }
        EstimateMark.write(tokens, to: &out)
        out.writeStaticString("}")
    }
}
