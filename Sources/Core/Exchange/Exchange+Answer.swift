extension Exchange {
    /// What a model answered.
    public struct Answer: Sendable {
        public var origin: Dialect
        public var id: JSONText?
        public var model: JSONText?
        /// Seconds since 1970, where the provider told.
        public var created: Int?
        public var parts: [Part] = []
        public var stop: Stop?
        public var details = StopDetails()
        public var tokens: Tokens?
        public var extras: [Extra] = []

        public init(origin: Dialect) {
            self.origin = origin
        }
    }

    /// What is told beside the reason of an end.
    public struct StopDetails: Sendable {
        /// The stop sequence that was met.
        public var sequence: JSONText?
        /// The kind of a refusal, and its explanation.
        public var category: JSONText?
        public var explanation: JSONText?

        public init(sequence: JSONText? = nil, category: JSONText? = nil, explanation: JSONText? = nil) {
            self.sequence = sequence
            self.category = category
            self.explanation = explanation
        }
    }

    /// One step of an answer on its way, in the order in which it came. What it belongs to is told by its kind: text
    /// that follows text goes on, anything else begins anew.
    public enum Event: Sendable {
        case start(id: JSONText?, model: JSONText?, created: Int?, Tokens?)
        case text(JSONText)
        case refusal(JSONText)
        case thinking(JSONText)
        case signature(JSONText)
        case sealedThinking(JSONText)
        /// A call begins, or the rest of its name or id comes. `key` tells calls apart that go on in turns.
        case call(key: Int, id: JSONText?, name: JSONText?)
        case arguments(key: Int, JSONText)
        /// What was open is complete.
        case partEnd
        case usage(Tokens)
        case stop(Stop, StopDetails)
        /// The provider says that this is all.
        case end
        case failure(Failure)
        case ping
    }

    /// What a provider says inside a stream instead of the rest.
    public struct Failure: Sendable {
        /// The status that it would have had.
        public var status: Int
        public var message: JSONText
        public var code: JSONText?

        public init(status: Int, message: JSONText, code: JSONText? = nil) {
            self.status = status
            self.message = message
            self.code = code
        }
    }
}
