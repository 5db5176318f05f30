import NIOCore
import OstiaryCore
import OstiaryModels
import OstiaryWire

extension ByteWriter {
    /// Writes the field lines that belong to an error: its challenge, `Allow`, `Retry-After` and its type.
    mutating func writeFields(of error: GateError) {
        writeField("content-type", "application/json")
        writeField("cache-control", "no-store")
        if let challenge = error.challenge { writeField("www-authenticate", text: challenge) }
        if error.forbidsRetry { writeField("x-should-retry", "false") }
        if case .after(let seconds) = error.retry { writeField("retry-after", max(1, seconds)) }
        if !error.allow.isEmpty { writeField("allow", text: error.allow.map(\.rawValue).joined(separator: ", ")) }
    }

    /// Writes the caller's rate in the words of its API: `X-RateLimit-*-Requests` with the time until the rate is whole
    /// again, or `Anthropic-RateLimit-Requests-*` with the date at which it is.
    mutating func writeFields(of standing: RateStanding, for family: APIFamily, at now: UnixTime) {
        guard family == .openAI else {
            writeField("anthropic-ratelimit-requests-limit", standing.limit)
            writeField("anthropic-ratelimit-requests-remaining", standing.remaining)
            writeStaticString("anthropic-ratelimit-requests-reset: ")
            // Rounded up: a client that comes at this second shall find what it was told.
            writeRFC3339(UnixTime(seconds: now.seconds.rounded(.up) + Double(standing.reset)))
            return writeStaticString("\r\n")
        }
        writeField("x-ratelimit-limit-requests", standing.limit)
        writeField("x-ratelimit-remaining-requests", standing.remaining)
        writeStaticString("x-ratelimit-reset-requests: ")
        writeDecimal(standing.reset)
        writeStaticString("s\r\n")
    }

    /// Writes what every answer of the public door carries.
    mutating func writeCommonFields(_ id: RequestID, _ family: APIFamily = .openAI, development: Bool) {
        writeStaticString("x-request-id: ")
        id.withBytes { writeSpan($0) }
        if family == .anthropic {
            writeStaticString("\r\nrequest-id: ")
            id.withBytes { writeSpan($0) }
        }
        writeStaticString("\r\nx-protocol-version: 1\r\n")
        if development { writeField("x-dev-mode", "1") }
    }
}

extension Reply {
    /// Answers with an error in the shape of the client's API family.
    consuming func refuse(_ error: GateError, _ family: APIFamily, id: RequestID) -> Delivery {
        send(status: error.status, body: ByteBuffer(bytes: ErrorBody.bytes(error, for: family, id: id))) { out in
            out.writeFields(of: error)
        }
    }

    /// The same where no client's API is spoken.
    consuming func refuse(_ error: GateError) -> Delivery {
        send(status: error.status, body: ByteBuffer(bytes: OpenAIErrorBody.bytes(error))) { out in
            out.writeFields(of: error)
        }
    }

    consuming func refuse(_ error: GateError, to call: Call) -> Delivery {
        refuse(error, call.family, id: call.id)
    }
}

extension Refusal {
    /// An error before any service could be asked.
    init(_ error: GateError, _ family: APIFamily = .openAI, id: RequestID, development: Bool) {
        var fields = ByteWriter()
        fields.writeCommonFields(id, family, development: development)
        fields.writeFields(of: error)
        self.init(
            status: error.status,
            fieldLines: fields.bytes,
            body: ErrorBody.bytes(error, for: family, id: id)
        )
    }
}
