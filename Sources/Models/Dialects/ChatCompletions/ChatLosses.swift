import OstiaryCore

/// What becomes of members of a Chat Completions request that no other dialect has.
enum ChatLosses {
    static func note(_ extra: Exchange.Extra, _ losses: inout Losses) throws(GateError) {
        switch extra.name {
        case "n":
            if extra.value.int != 1 { try losses.asked("n") }
        case "logprobs":
            if extra.value.bool != false { try losses.asked("logprobs") }
        case "modalities":
            let isText = extra.value.elements.allSatisfy { $0.text?.equals("text") ?? false }
            if !isText { throw Losses.refusal("modalities", because: "the model answers in text") }
        case "frequency_penalty", "presence_penalty", "seed", "store", "metadata", "verbosity", "safety_identifier",
            "prompt_cache_key", "prompt_cache_options", "prompt_cache_retention", "top_k", "stream_options":
            losses.hint(extra.name)
        default: try losses.asked(extra.name)
        }
    }
}
