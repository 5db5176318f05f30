public import OstiaryCore

/// `GET /v1/models` and `GET /v1/models/{id}` in the shape of Anthropic's API.
public enum AnthropicModelsBody {
    /// The most models of one page, as the API has it.
    private static let longestPage = 1000

    /// What of the list a client asks for: `limit`, `after_id` and `before_id` of the query.
    public struct Page: Hashable, Sendable {
        var limit = longestPage
        var after: String?
        var before: String?

        /// All of it, or as many as fit.
        public init() {}

        /// Reads a query. What is none of the three, or makes no sense, is passed over.
        public init(query: [UInt8]) {
            for part in query.split(separator: UInt8(ascii: "&")) {
                let pair = part.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
                guard pair.count == 2 else { continue }
                let value = PercentEncoding.decoded(pair[1])
                switch String(decoding: pair[0], as: UTF8.self) {
                case "limit": if let number = UsageCount.read(value), number > 0 { limit = min(number, longestPage) }
                case "after_id": after = String(decoding: value, as: UTF8.self)
                case "before_id": before = String(decoding: value, as: UTF8.self)
                default: break
                }
            }
        }
    }

    /// The list, or the page of it.
    /// - Parameter created: what `created_at` says of every model; nobody knows a better time than the one at which the
    ///   gate began to offer them.
    public static func bytes(_ models: [ModelsListBody.Model], created: UnixTime, page: Page = Page()) -> [UInt8] {
        var part = models[...]
        if let after = page.after, let index = part.firstIndex(where: { $0.name.hasSameBytes(as: after) }) {
            part = part[(index + 1)...]
        }
        if let before = page.before, let index = part.firstIndex(where: { $0.name.hasSameBytes(as: before) }) {
            part = part[..<index].suffix(page.limit)
        }
        let shown = part.prefix(page.limit)
        return JSONWriter.write(
            .members(
                ("data", .array(shown.map { value($0, created) })),
                ("has_more", .bool(shown.count < part.count)),
                ("first_id", shown.first.map { .string($0.name) } ?? .null),
                ("last_id", shown.last.map { .string($0.name) } ?? .null)
            )
        )
    }

    /// One model.
    public static func bytes(_ model: ModelsListBody.Model, created: UnixTime) -> [UInt8] {
        JSONWriter.write(value(model, created))
    }

    private static func value(_ model: ModelsListBody.Model, _ created: UnixTime) -> JSONValue {
        .members(
            ("type", .string("model")),
            ("id", .string(model.name)),
            ("display_name", .string(model.name)),
            ("created_at", .string(created.rfc3339)),
            ("max_input_tokens", model.longestInput.map { .integer($0) } ?? .null),
            ("max_tokens", model.longestOutput.map { .integer($0) } ?? .null),
            ("lifecycle", .string("active")),
            ("capabilities", .null)
        )
    }
}
