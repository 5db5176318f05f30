extension Exchange {
    /// One piece of a message.
    public struct Part: Sendable {
        public enum Kind: Sendable {
            case text(JSONText)
            /// What a model said instead of an answer.
            case refusal(JSONText)
            case image(Image)
            case document(Document)
            case searchResult(title: JSONText?, source: JSONText?, [Part])
            case audio
            /// Thoughts; `signature` proves to their provider that they are its own.
            case thinking(JSONText, signature: JSONText?)
            /// Thoughts that only their provider can read.
            case sealedThinking(JSONText)
            case call(ToolCall)
            case result(ToolResult)
            case toolReference(JSONText)
            /// Something of its origin's own, by its type.
            case other(JSONText)
        }

        public var kind: Kind
        /// The part as its origin spelled it.
        public var raw: JSONSlice?
        /// Members without a meaning here, `cache_control` for one.
        public var extras: [Extra]

        public init(_ kind: Kind, raw: JSONSlice? = nil, extras: [Extra] = []) {
            self.kind = kind
            self.raw = raw
            self.extras = extras
        }

        public var text: JSONText? {
            if case .text(let text) = kind { text } else { nil }
        }
    }

    public struct Image: Sendable {
        public enum Source: Sendable {
            case data(mediaType: JSONText, base64: JSONText)
            case url(JSONText)
            /// A file that its provider keeps.
            case file(JSONText?)
        }

        public var source: Source
        /// OpenAI's `detail`.
        public var detail: JSONText?

        public init(source: Source, detail: JSONText? = nil) {
            self.source = source
            self.detail = detail
        }
    }

    public struct Document: Sendable {
        public enum Source: Sendable {
            case data(mediaType: JSONText, base64: JSONText)
            case text(JSONText)
            case parts([Part])
            case url(JSONText)
            case file(JSONText?)
        }

        public var source: Source
        public var title: JSONText?
        public var context: JSONText?

        public init(source: Source, title: JSONText? = nil, context: JSONText? = nil) {
            self.source = source
            self.title = title
            self.context = context
        }
    }

    /// A model's wish to have a tool run.
    public struct ToolCall: Sendable {
        public enum Arguments: Sendable {
            /// An object of the document.
            case object(JSONSlice)
            /// A text that should be JSON.
            case text(JSONText)
        }

        public var id: JSONText
        public var name: JSONText
        public var arguments: Arguments

        public init(id: JSONText, name: JSONText, arguments: Arguments) {
            self.id = id
            self.name = name
            self.arguments = arguments
        }
    }

    public struct ToolResult: Sendable {
        public var callID: JSONText
        public var parts: [Part]
        /// Whether the content was one string rather than a list.
        public var isPlain: Bool
        /// `nil` where the dialect cannot tell.
        public var isError: Bool?

        public init(callID: JSONText, parts: [Part], isPlain: Bool, isError: Bool? = nil) {
            self.callID = callID
            self.parts = parts
            self.isPlain = isPlain
            self.isError = isError
        }
    }
}
