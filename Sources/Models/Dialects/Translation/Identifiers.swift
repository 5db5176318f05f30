import OstiaryCore

/// Makes the ids that a dialect wants and another one did not give. They name, and keep no secret.
struct Identifiers: Sendable {
    private static let letters = Array("0123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz".utf8)

    private var random: any RandomNumberGenerator & Sendable

    init(_ random: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()) {
        self.random = random
    }

    mutating func make(_ prefix: String, _ count: Int) -> JSONText {
        var id = Array(prefix.utf8)
        for _ in 0..<count {
            // 59 letters, none that looks like another; the small bias does no harm.
            id.append(Self.letters[Int(truncatingIfNeeded: random.next() % UInt64(Self.letters.count))])
        }
        return JSONText(String(decoding: id, as: UTF8.self))
    }

    /// A call's id, made anew where the given one fits nobody's pattern: `[A-Za-z0-9_-]{1,64}`.
    mutating func call(_ given: JSONText?, _ dialect: Exchange.Dialect) -> JSONText {
        if let given, ToolNames.fits(given.bytes) { return given }
        return make(dialect == .messages ? "toolu_" : "call_", 20)
    }

    /// The answer's id with the dialect's own prefix.
    mutating func answer(_ given: JSONText?, _ dialect: Exchange.Dialect) -> JSONText {
        switch dialect {
        case .messages: if let given, given.starts(with: "msg_") { given } else { make("msg_", 24) }
        case .chat: if let given, given.starts(with: "chatcmpl") { given } else { make("chatcmpl-", 24) }
        case .responses: if let given, given.starts(with: "resp_") { given } else { make("resp_", 24) }
        }
    }
}
