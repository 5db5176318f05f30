import OstiaryCore

/// Which configuration the gate runs by, and since when.
struct Generation: Sendable {
    /// 1 at start, one more with each reload that took effect.
    let number: Int
    /// What is in force. It differs from what was read in the keys that wait for a restart.
    let configuration: Configuration
    /// See `Configuration.digest`.
    let digest: String
    let since: UnixTime
    /// The keys whose new values take effect after a restart only.
    let waiting: [String]

    init(_ configuration: Configuration, number: Int, waiting: [String] = [], since: UnixTime) {
        self.configuration = configuration
        self.number = number
        self.waiting = waiting
        self.since = since
        digest = configuration.digest
    }

    /// What everybody may know of it: `{"generation":2,"loaded_at":1790000000}`; whole seconds of Unix time.
    var publicDocument: JSONValue {
        .members(("generation", .integer(number)), ("loaded_at", .integer(Int(since.seconds))))
    }

    /// The same for the operator, with the digest and what waits for a restart.
    var document: JSONValue {
        .members(
            ("generation", .integer(number)),
            ("loaded_at", .integer(Int(since.seconds))),
            ("digest", .string(digest)),
            ("waiting_for_restart", .array(waiting.map { .string($0) }))
        )
    }
}
