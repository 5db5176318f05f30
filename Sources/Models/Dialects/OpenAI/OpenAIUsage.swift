import OstiaryCore

/// The objects inside of a usage of OpenAI's APIs; what stands around them has other names in each of the two.
enum OpenAIUsage {
    static func writeInput(_ name: StaticString, _ tokens: Exchange.Tokens, to out: inout ByteWriter) {
        out.name(name)
        out.writeStaticString("{")
        out.name("cached_tokens")
        out.json(tokens.cacheRead ?? 0)
        out.name("cache_write_tokens")
        out.json(tokens.cacheWrite ?? 0)
        out.writeStaticString("}")
    }

    static func writeOutput(_ name: StaticString, _ tokens: Exchange.Tokens, to out: inout ByteWriter) {
        out.name(name)
        out.writeStaticString("{")
        out.name("reasoning_tokens")
        out.json(tokens.thinking ?? 0)
        out.writeStaticString("}")
    }
}
