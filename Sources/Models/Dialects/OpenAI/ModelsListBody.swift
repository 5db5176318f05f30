public import OstiaryCore

/// `GET /v1/models` and `GET /v1/models/{id}` in the shape of the OpenAI family.
public enum ModelsListBody {
    public struct Model: Hashable, Sendable {
        public let name: String
        /// Who answers for it: the provider's name in the configuration.
        public let owner: String
        /// Tokens that it reads and writes at most; `nil` where nobody has said so.
        public let longestInput: Int?
        public let longestOutput: Int?

        public init(name: String, owner: String, longestInput: Int? = nil, longestOutput: Int? = nil) {
            self.name = name
            self.owner = owner
            self.longestInput = longestInput
            self.longestOutput = longestOutput
        }
    }

    /// The list.
    /// - Parameter created: what `created` says of every model. Clients demand a number there and nobody knows a
    ///   better one than the time the gate began to offer them.
    public static func bytes(_ models: some Collection<Model>, created: UnixTime) -> [UInt8] {
        JSONWriter.write(
            .members(
                ("object", .string("list")),
                ("data", .array(models.map { value($0, created) }))
            )
        )
    }

    /// One model.
    public static func bytes(_ model: Model, created: UnixTime) -> [UInt8] {
        JSONWriter.write(value(model, created))
    }

    private static func value(_ model: Model, _ created: UnixTime) -> JSONValue {
        .members(
            ("id", .string(model.name)),
            ("object", .string("model")),
            ("created", .integer(created.wholeSeconds)),
            ("owned_by", .string(model.owner))
        )
    }
}

extension UnixTime {
    /// Rounded down; 0 for what no calendar has.
    var wholeSeconds: Int { Int(exactly: seconds.rounded(.down)) ?? 0 }
}
