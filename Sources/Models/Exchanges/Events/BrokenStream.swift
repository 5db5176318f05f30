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

        init(_ route: Route) {
            self = route.path.utf8.starts(with: "/v1/responses".utf8) ? .responses : .chat
        }
    }

    /// - Parameter count: events that went before.
    static func event(_ error: GateError, _ family: Family, after count: Int) -> ByteBuffer {
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
        }
        out.writeStaticString("\n\n")
        return out
    }
}
