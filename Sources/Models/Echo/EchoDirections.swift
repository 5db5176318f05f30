/// What a model name tells the built-in model to do besides answering.
///
/// `echo` alone answers at once. Directions follow it in any order, joined by hyphens:
/// - `slow-20ms`: that pause before each frame, or before a whole answer; at most 60,000 ms
/// - `fail-503`: an error with that status, 400 to 599
/// - `429-2s`: 429 with `Retry-After: 2`; at most 3,600 s
/// - `drop-after-3`: the connection breaks behind that many frames, or in the middle of a whole answer
///
/// A name that does not begin with `echo-` answers like `echo`.
struct EchoDirections: Equatable {
    /// Seconds.
    var delay = 0.0
    var failure: Int?
    /// Seconds.
    var retryAfter: Int?
    var dropAfter: Int?

    init() {}

    /// `nil` when the name begins like a direction and is none.
    init?(model: String) {
        var words = model.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
            .map { String($0) ?? "" }[...]
        guard words.popFirst() == "echo" else { return }
        while let word = words.popFirst() {
            switch word {
            case "slow":
                guard let pause = Self.number(words.popFirst(), unit: "ms", in: 0...60_000) else { return nil }
                delay = Double(pause) / 1000
            case "fail":
                guard let status = Self.number(words.popFirst(), unit: "", in: 400...599) else { return nil }
                failure = status
            case "429":
                guard let seconds = Self.number(words.popFirst(), unit: "s", in: 0...3600) else { return nil }
                failure = 429
                retryAfter = seconds
            case "drop":
                guard words.popFirst() == "after",
                    let frames = Self.number(words.popFirst(), unit: "", in: 0...1_000_000)
                else { return nil }
                dropAfter = frames
            default:
                return nil
            }
        }
    }

    private static func number(_ word: String?, unit: String, in range: ClosedRange<Int>) -> Int? {
        guard let word, word.hasSuffix(unit) else { return nil }
        guard let number = UsageCount.read(Array(word.utf8.dropLast(unit.utf8.count))) else { return nil }
        return range.contains(number) ? number : nil
    }
}
