import OstiaryCore

/// What becomes of members of a Responses request that no other dialect has.
enum ResponsesLosses {
    static func note(_ extra: Exchange.Extra, _ losses: inout Losses) throws(GateError) {
        switch extra.name {
        // The conversation so far lies with the provider: without it the question is another one.
        case "previous_response_id", "conversation", "prompt":
            throw Losses.refusal(extra.name, because: "the conversation lies with another provider")
        case "background":
            if extra.value.bool != false {
                throw Losses.refusal(extra.name, because: "there is nobody to ask for the answer later")
            }
        // What is stored is asked for later, if at all; an answer that is not found then says so.
        case "store", "include", "truncation", "reasoning.summary", "reasoning.generate_summary", "metadata",
            "text.verbosity", "prompt_cache_key", "prompt_cache_retention", "prompt_cache_options",
            "safety_identifier", "stream_options":
            if extra.value.bool != false { losses.hint(extra.name) }
        default: try losses.asked(extra.name)
        }
    }
}
