/// Where answers have their text, so that an answer without usage, or one that was cut, can still be weighed.
enum TextMembers {
    static let paths = [
        "choices.[].delta.content", "choices.[].delta.reasoning_content",
        "choices.[].delta.tool_calls.[].function.arguments", "choices.[].message.content", "choices.[].text",
        "delta.text", "delta.thinking", "delta.partial_json", "content.[].text",
        // Events of Responses have the text itself there.
        "delta",
    ]

    /// Bytes of text in this document, as it is written there.
    /// - Parameter first: where these members begin among those that the scanner looked for.
    static func bytes(_ scanner: MemberScanner, from first: Int) -> Int {
        var sum = 0
        for position in first..<(first + paths.count) where scanner.kind(position) == .string {
            if let range = scanner.range(position) { sum += range.count - 2 }
        }
        return sum
    }
}
