import OstiaryCore

/// Where answers tell their usage and why they ended, and have their text.
enum UsageMembers {
    private static let members = [
        "", ".prompt_tokens", ".completion_tokens", ".prompt_tokens_details.cached_tokens", ".input_tokens",
        ".output_tokens", ".input_tokens_details.cached_tokens", ".cache_creation_input_tokens",
        ".cache_read_input_tokens",
    ]
    private static let places = ["usage", "response.usage", "message.usage"]

    // A report is not a decision about the caller, so a stranger's `Usage` beside `usage` does no harm.
    static let paths = MemberPaths(
        places.flatMap { place in members.map { place + $0 } } + FinishMembers.paths,
        measuring: TextMembers.paths,
        refusingOtherCase: false
    )

    /// Adds the usage of a finished document to what is known: a number that it does not give stays.
    ///
    /// Messages tell the input when they begin and the output when they end, and count apart what went into the cache
    /// and came out of it.
    static func read(_ scanner: MemberScanner, into counts: inout UsageCounts) {
        for place in places.indices {
            let first = place * members.count
            guard scanner.kind(first) == .object else { continue }
            let number = { (member: Int) in count(scanner, first + member) }
            counts.input = number(1) ?? number(4) ?? counts.input
            counts.output = number(2) ?? number(5) ?? counts.output
            counts.cached = number(3) ?? number(6) ?? counts.cached
            counts.intoCache = number(7) ?? counts.intoCache
            counts.fromCache = number(8) ?? counts.fromCache
        }
    }

    /// Why the answer ended, if this document says it.
    static func stop(_ scanner: MemberScanner) -> Exchange.Stop? {
        FinishMembers.read(scanner, from: places.count * members.count)
    }

    /// Bytes of text in this document.
    static func textBytes(_ scanner: MemberScanner) -> Int {
        TextMembers.bytes(scanner, from: places.count * members.count + FinishMembers.paths.count)
    }

    private static func count(_ scanner: MemberScanner, _ position: Int) -> Int? {
        guard scanner.kind(position) == .number else { return nil }
        return scanner.withRaw(position) { digits in digits.withUnsafeBufferPointer(UsageCount.read) } ?? nil
    }
}

/// The numbers of an answer as its API gives them.
struct UsageCounts: Hashable, Sendable {
    var input: Int?
    var output: Int?
    /// The part of `input` that came from the cache.
    var cached: Int?
    // Messages count these beside `input`.
    var intoCache: Int?
    var fromCache: Int?

    /// The same as the gate counts: all of the input is input.
    var usage: Usage {
        guard intoCache != nil || fromCache != nil else {
            return Usage(inputTokens: input, outputTokens: output, cachedInputTokens: cached)
        }
        // Each has 15 digits at most.
        return Usage(
            inputTokens: input.map { $0 + (intoCache ?? 0) + (fromCache ?? 0) },
            outputTokens: output,
            cachedInputTokens: fromCache
        )
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
