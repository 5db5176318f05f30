import OstiaryCore

/// Where answers tell their usage.
enum UsageMembers {
    private static let members = [
        "", ".prompt_tokens", ".completion_tokens", ".prompt_tokens_details.cached_tokens", ".input_tokens",
        ".output_tokens", ".input_tokens_details.cached_tokens",
    ]
    private static let places = ["usage", "response.usage"]

    // A report is not a decision about the caller, so a stranger's `Usage` beside `usage` does no harm.
    static let paths = MemberPaths(
        places.flatMap { place in members.map { place + $0 } },
        refusingOtherCase: false
    )

    /// The usage in a finished document; `nil` when it has none or only null.
    static func read(_ scanner: MemberScanner) -> Usage? {
        for place in places.indices {
            let first = place * members.count
            guard scanner.kind(first) == .object else { continue }
            let number = { (member: Int) in count(scanner, first + member) }
            return Usage(
                inputTokens: number(1) ?? number(4),
                outputTokens: number(2) ?? number(5),
                cachedInputTokens: number(3) ?? number(6)
            )
        }
        return nil
    }

    private static func count(_ scanner: MemberScanner, _ position: Int) -> Int? {
        guard scanner.kind(position) == .number else { return nil }
        return scanner.withRaw(position) { digits in digits.withUnsafeBufferPointer(UsageCount.read) } ?? nil
    }
}

/// A count of tokens as decimal digits.
enum UsageCount {
    /// The number, or `nil` for anything but 1 to 15 digits.
    static func read(_ digits: some Collection<UInt8>) -> Int? {
        guard 1...15 ~= digits.count else { return nil }
        var number = 0
        for digit in digits {
            guard digit >= UInt8(ascii: "0") && digit <= UInt8(ascii: "9") else { return nil }
            number = number * 10 + Int(digit - UInt8(ascii: "0"))
        }
        return number
    }
}
