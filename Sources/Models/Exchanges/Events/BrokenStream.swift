import NIOCore
import OstiaryCore

/// The event that ends a stream which will not be completed, in the words of the client's API (SEC-505).
///
/// The connection is broken off behind it, since the error is no end: a client that knows no such event must not take
/// what it got for the whole answer.
enum BrokenStream {
    /// How an API spells an error inside a stream.
    enum Family: Sendable {
        /// Chat Completions and completions: an event without a name, whose data is the error's document.
        case chat
        /// The Responses API: an event named `error`, numbered like the others.
        case responses
        /// Messages: an event named `error`, whose data is the error's document.
        case messages

        init(_ route: Route) {
            switch route.api {
            case .responses: self = .responses
            case .messages: self = .messages
            default: self = .chat
            }
        }
    }

    /// - Parameter count: events that went before.
    /// - Returns: `nil` where the end of the connection alone says more: Claude Code repeats a stream that was cut, but
    ///   asks for the whole answer at once, which takes minutes, behind an error that it can read. An error that means
    ///   more than a cut is sent all the same.
    static func event(_ error: GateError, _ family: Family, after count: Int) -> ByteBuffer? {
        if family == .messages, error.code == .upstreamCut { return nil }
        var out = ByteBufferAllocator().buffer(capacity: 512)
        switch family {
        case .chat:
            out.writeStaticString("data: ")
            out.writeBytes(OpenAIErrorBody.bytes(error))
        case .responses:
            out.writeStaticString("event: error\ndata: ")
            // Documented with the members at the top; the official clients raise for the member `error`.
            out.writeBytes(
                JSONWriter.write(
                    .members(
                        ("type", .string("error")),
                        ("sequence_number", .integer(count)),
                        ("code", .string(error.code.rawValue)),
                        ("message", .string(error.message)),
                        ("param", .null),
                        ("error", OpenAIErrorBody.value(error))
                    )
                )
            )
        case .messages:
            out.writeStaticString("event: error\ndata: ")
            out.writeBytes(AnthropicErrorBody.bytes(error, id: nil))
        }
        out.writeStaticString("\n\n")
        return out
    }
}
