import NIOCore
import OstiaryCore

/// What a provider's error becomes for a client of another API: its status and the words for programs. What it says to
/// people passes, cleaned and cut.
struct MappedFailure: Hashable {
    let status: Int
    /// The family's word; `nil` for that of the status.
    let type: String?
    let code: String

    init(status: Int, for family: APIFamily) {
        switch (status, family) {
        case (400, _), (422, _): self.init(400, nil, "invalid_request")
        case (402, .anthropic): self.init(402, nil, "upstream_billing")
        case (402, .openAI): self.init(429, "insufficient_quota", "insufficient_quota")
        case (404, _): self.init(404, nil, "model_not_found")
        case (408, _), (504, _): self.init(504, nil, "upstream_timeout")
        case (413, _): self.init(413, nil, "body_too_large")
        case (429, _): self.init(429, nil, "rate_limit_exceeded")
        case (503, .anthropic), (529, .anthropic): self.init(529, nil, "overloaded")
        case (503, .openAI), (529, .openAI): self.init(503, nil, "overloaded")
        case (400..<500, _): self.init(status, nil, "upstream_error")
        case (500, _): self.init(500, nil, "upstream_error")
        default: self.init(502, nil, "upstream_error")
        }
    }

    private init(_ status: Int, _ type: String?, _ code: String) {
        self.status = status
        self.type = type
        self.code = code
    }

    /// The error in the client's words.
    /// - Parameter said: the provider's own document, without the key; `nil` where it cannot be read.
    func body(_ said: JSONValue?, from status: Int, for family: APIFamily) -> [UInt8] {
        let error = said?.object?["error"]?.object ?? said?.object
        let message = error?["message"]?.string ?? error?["detail"]?.string ?? said?.object?["error"]?.string
        return ErrorBody.bytes(
            message: message ?? "The provider answered with status \(status)",
            status: self.status,
            for: family,
            type: type,
            code: code
        )
    }
}

extension MappedFailure {
    /// The error as the client gets it: the provider's message, cleaned and cut, in the client's shape.
    func saying(_ body: ByteBuffer, isWhole: Bool, from status: Int, for family: APIFamily) -> ErrorSaying {
        // Cleaned first, so that what is read out of it is clean.
        let clean = isWhole ? ErrorDocument.cleaned(Array(body.readableBytesView), status: status, for: .openAI) : nil
        let said = clean.flatMap { try? JSONReader.read($0) }
        return ErrorSaying(json: self.body(said, from: status, for: family))
    }
}
