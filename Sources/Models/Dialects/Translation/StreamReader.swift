import OstiaryCore

/// Reads the events of a provider's stream, one after another. What it cannot understand it passes over.
protocol EventReading: Sendable {
    /// What one event's data says, put behind `events`.
    mutating func read(_ data: JSONSlice, _ events: inout [Exchange.Event]) throws(GateError)
}

/// Writes the events of a client's stream: a state machine that can be given anything in any order, and writes only
/// what its dialect allows.
protocol EventWriting: Sendable {
    /// What was used so far.
    var tokens: Exchange.Tokens { get }

    /// - Throws: where what came cannot be told in this dialect any more. The caller then gives `.failure`.
    mutating func write(_ event: Exchange.Event, into out: inout ByteWriter) throws(GateError)
}

extension Exchange.Dialect {
    func makeEventReader() -> any EventReading {
        switch self {
        case .messages: MessagesStreamReader()
        case .chat, .responses: ChatStreamReader()
        }
    }

    func makeEventWriter(_ memory: Translation.Memory, _ identifiers: Identifiers) -> any EventWriting {
        switch self {
        case .chat: ChatStreamWriter(memory, identifiers)
        case .messages, .responses: MessagesStreamWriter(memory, identifiers)
        }
    }
}
