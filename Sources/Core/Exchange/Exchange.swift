/// The conversation with a model as values, whole or streamed, in nobody's JSON: what a client asked, what a model
/// answered, and the events of an answer on its way.
///
/// Nothing is lost on the way in. What is understood becomes a typed value. What is not rides along by its origin: as
/// `Extra` members, or as `raw`, the value as its own dialect spelled it. A writer of that dialect writes it back; one
/// of another names it as a loss. Whoever changes a value clears its `raw`.
public enum Exchange {
    /// How a client API spells an exchange.
    public enum Dialect: String, Sendable, CaseIterable {
        /// Anthropic's `POST /v1/messages`.
        case messages
        /// OpenAI's `POST /v1/chat/completions`, and everybody's who speaks it.
        case chat
        /// OpenAI's `POST /v1/responses`.
        case responses
    }

    /// A member that its reader gave no meaning.
    public struct Extra: Sendable {
        public var name: String
        public var value: JSONSlice

        public init(name: String, value: JSONSlice) {
            self.name = name
            self.value = value
        }
    }

    /// What an exchange used. Unlike `Usage`, in which cached input is a part of the input, the three kinds of input
    /// add up. What was not told is unknown, not zero.
    public struct Tokens: Hashable, Sendable {
        /// Input that no cache had and none took.
        public var input: Int?
        public var cacheRead: Int?
        public var cacheWrite: Int?
        /// All output, thinking included.
        public var output: Int?
        public var thinking: Int?
        /// Whether input or output was estimated, since the provider did not tell.
        public var isEstimated = false

        public init(
            input: Int? = nil,
            cacheRead: Int? = nil,
            cacheWrite: Int? = nil,
            output: Int? = nil,
            thinking: Int? = nil
        ) {
            self.input = input
            self.cacheRead = cacheRead
            self.cacheWrite = cacheWrite
            self.output = output
            self.thinking = thinking
        }

        /// From dialects that count cached input as a part of the input; never negative.
        public init(allInput: Int?, cacheRead: Int?, cacheWrite: Int?, output: Int?, thinking: Int?) {
            let cached = Tokens.sum(cacheRead, cacheWrite)
            self.init(
                input: allInput.map { max(0, $0 - min($0, cached)) },
                cacheRead: cacheRead,
                cacheWrite: cacheWrite,
                output: output,
                thinking: thinking
            )
        }

        /// All input, cached or not.
        public var allInput: Int? { input.map { Tokens.sum($0, Tokens.sum(cacheRead, cacheWrite)) } }

        public var total: Int { Tokens.sum(allInput, output) }

        /// As the journal and the budgets count.
        public var usage: Usage {
            Usage(inputTokens: allInput, outputTokens: output, cachedInputTokens: cacheRead)
        }

        /// Puts in what `other` knows.
        public mutating func merge(_ other: Tokens) {
            // A later report of zero input does not undo an earlier one (Claude Code reads it the same way).
            if let number = other.input, number > 0 || input == nil { input = number }
            cacheRead = other.cacheRead ?? cacheRead
            cacheWrite = other.cacheWrite ?? cacheWrite
            output = other.output ?? output
            thinking = other.thinking ?? thinking
        }

        /// Providers write what they like; what does not fit stays at the end.
        private static func sum(_ one: Int?, _ other: Int?) -> Int {
            let (sum, overflow) = (one ?? 0).addingReportingOverflow(other ?? 0)
            return overflow ? Int.max : sum
        }
    }

    /// Why an answer ended. The raw values are those of the log and the metrics.
    public enum Stop: String, Sendable, Hashable, CaseIterable {
        case end
        case stopSequence = "stop_sequence"
        case toolUse = "tool_use"
        case length
        /// The context window was full.
        case contextFull = "context_full"
        case refusal
        case pause
    }
}
