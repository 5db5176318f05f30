public import OstiaryCore

/// The usage report that Tinfoil sends in the field or trailer `X-Tinfoil-Usage-Metrics`:
/// `prompt=67,completion=42,total=109`, where newer routers add `cached_prompt_tokens` and others.
public enum UsageMetricsField {
    /// Reads the field's value. Unknown names are passed over, and what is missing, malformed or said twice is
    /// unknown.
    public static func read(_ value: some Sequence<UInt8>) -> Usage {
        let parts = Array(value).split(separator: UInt8(ascii: ",")).map { part in
            part.split(separator: UInt8(ascii: "="), maxSplits: 1).map(trimmed)
        }
        func number(_ name: StaticString) -> Int? {
            let values = parts.filter { part in
                name.withUTF8Buffer { part.count == 2 && part[0].elementsEqual($0) }
            }
            return values.count == 1 ? UsageCount.read(values[0][1]) : nil
        }
        return Usage(
            inputTokens: number("prompt"),
            outputTokens: number("completion"),
            cachedInputTokens: number("cached_prompt_tokens")
        )
    }

    private static func trimmed(_ part: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let isSpace = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
        guard let last = part.lastIndex(where: { !isSpace($0) }) else { return [] }
        return part[...last].drop(while: isSpace)
    }
}
