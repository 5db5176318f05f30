import NIOCore
import OstiaryCore
import OstiaryWire

/// `POST /v1/messages/count_tokens`, answered here: for a provider that has no such thing.
enum TokenCount {
    /// How many arrays and objects may lie inside one another.
    static let deepest = 128

    /// - Throws: `.invalidRequest` for a body that is no JSON object.
    static func answer(_ body: ByteBuffer) throws(GateError) -> EchoScript {
        let document: JSONValue
        do {
            document = try body.withReadableSpan { span throws(JSONFault) in try JSONReader.read(span, depth: deepest) }
        } catch {
            throw GateError(
                .invalidRequest,
                cause: "body_malformed",
                detail: "the body cannot be read (\(error.reason.rawValue) at byte \(error.offset))"
            )
        }
        let count = TokenEstimate.input(of: document)
        // The body must be what the API has; so the mark stands beside it.
        return .document(
            JSONWriter.write(.members(("input_tokens", .integer(count)))),
            [.init(name: "ostiary-estimated", value: "input_tokens")]
        )
    }
}
