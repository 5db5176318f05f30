import OstiaryCore

/// The readers of each dialect.
enum DialectReaders {
    static func request(_ root: JSONSlice, _ dialect: Exchange.Dialect) throws(GateError) -> Exchange.Request {
        switch dialect {
        case .messages: try MessagesRequestReader.read(root)
        case .chat: try ChatRequestReader.read(root)
        case .responses: throw .misshapen("the body", "of a dialect that is read")
        }
    }

    static func answer(_ root: JSONSlice, _ dialect: Exchange.Dialect) throws(GateError) -> Exchange.Answer {
        switch dialect {
        case .chat: try ChatAnswerReader.read(root)
        case .messages: try MessagesAnswerReader.read(root)
        case .responses: throw .unreadableAnswer("not_translatable")
        }
    }
}
