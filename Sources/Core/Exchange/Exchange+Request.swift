extension Exchange {
    /// What a client asks of a model.
    public struct Request: Sendable {
        /// The dialect it was read from: whose `raw` and `extras` it carries.
        public var origin: Dialect
        public var model: JSONText
        /// Instructions before everything else.
        public var system: [Part] = []
        public var isPlainSystem = false
        public var turns: [Turn] = []
        public var tools: [Tool] = []
        public var toolChoice: ToolChoice?
        public var parallelCalls: Bool?
        /// The most tokens of output.
        public var outputBound: Int?
        public var stops: [JSONText] = []
        public var temperature: JSONSlice?
        public var topP: JSONSlice?
        public var topK: JSONSlice?
        public var thinking: Thinking?
        /// How hard to think: `none`, `minimal`, `low`, `medium`, `high`, `xhigh`, `max`, as written.
        public var effort: JSONText?
        public var format: OutputFormat?
        /// Who asks, in the client's words. Never passed on as it is.
        public var user: JSONText?
        public var serviceTier: JSONText?
        public var streams = false
        /// Whether a stream is to end with the usage, where the dialect leaves the choice.
        public var wantsUsage = false
        public var extras: [Extra] = []

        public init(origin: Dialect, model: JSONText) {
            self.origin = origin
            self.model = model
        }
    }

    public enum Role: String, Sendable {
        case system, developer, user, assistant, tool
    }

    /// One message.
    public struct Turn: Sendable {
        public var role: Role
        public var parts: [Part]
        /// Whether the content was one string rather than a list.
        public var isPlain: Bool
        public var raw: JSONSlice?
        public var extras: [Extra]

        public init(_ role: Role, _ parts: [Part], isPlain: Bool = false, raw: JSONSlice? = nil, extras: [Extra] = []) {
            self.role = role
            self.parts = parts
            self.isPlain = isPlain
            self.raw = raw
            self.extras = extras
        }
    }

    public struct Tool: Sendable {
        public enum Kind: Sendable {
            /// One that the client runs.
            case function
            /// One that the provider runs, by its type.
            case server(JSONText)
        }

        public var kind: Kind
        public var name: JSONText
        public var description: JSONText?
        public var schema: JSONSlice?
        public var strict: Bool?
        /// Whether it is only to be shown once something refers to it.
        public var isDeferred = false
        public var raw: JSONSlice?
        public var extras: [Extra] = []

        public init(_ kind: Kind, name: JSONText) {
            self.kind = kind
            self.name = name
        }
    }

    public struct ToolChoice: Sendable {
        public enum Kind: Sendable {
            case auto, any, none
            case tool(JSONText)
            case other
        }

        public var kind: Kind
        public var raw: JSONSlice?

        public init(_ kind: Kind, raw: JSONSlice? = nil) {
            self.kind = kind
            self.raw = raw
        }
    }

    public struct Thinking: Sendable {
        public enum Kind: Sendable {
            case budget(Int?)
            case adaptive
            case off
            case other
        }

        public var kind: Kind
        public var raw: JSONSlice?

        public init(_ kind: Kind, raw: JSONSlice? = nil) {
            self.kind = kind
            self.raw = raw
        }
    }

    /// What form the answer must have.
    public struct OutputFormat: Sendable {
        public enum Kind: Sendable {
            case text
            case object
            case schema(JSONSlice?, name: JSONText?, strict: Bool?)
            case other
        }

        public var kind: Kind
        public var raw: JSONSlice?

        public init(_ kind: Kind, raw: JSONSlice? = nil) {
            self.kind = kind
            self.raw = raw
        }
    }
}
