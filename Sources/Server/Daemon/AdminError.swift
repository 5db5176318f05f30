import NIOCore
import OstiaryCore
import OstiaryWire

/// Why a call of the admin door is refused, in the one shape that all its errors have:
/// `{"error": {"code", "message", "details"?}, "detail", "request_id"}`. `detail` repeats the message for clients of the
/// daemon that this one takes the place of. Nothing in it comes from a key.
struct AdminError: Error, Sendable {
    let status: Int
    let code: String
    let message: String
    var details: JSONValue?
    /// Whole seconds.
    var retryAfter: Int?
    var challenge: String?
    var allow: [Method] = []

    /// - Parameter detail: said behind the problem's own sentence.
    init(
        _ problem: AdminProblem,
        _ detail: String? = nil,
        details: JSONValue? = nil,
        retryAfter: Int? = nil,
        challenge: String? = nil,
        allow: [Method] = []
    ) {
        status = problem.status
        code = "\(problem.entry.code)"
        message = "\(problem.entry.sentence)" + (detail.map { ": \($0)" } ?? "")
        self.details = details
        self.retryAfter = retryAfter
        self.challenge = challenge
        self.allow = allow
    }

    /// What other parts of the gate refuse.
    init(_ error: GateError) {
        status = error.status
        code = error.code.rawValue
        message = error.message
        if case .after(let seconds) = error.retry { retryAfter = max(1, seconds) }
        challenge = error.challenge
        allow = error.allow
    }

    func body(_ id: RequestID) -> [UInt8] {
        var error: [JSONObject.Member] = [
            .init(name: "code", value: .string(code)), .init(name: "message", value: .string(message)),
        ]
        if let details { error.append(.init(name: "details", value: details)) }
        return JSONWriter.write(
            .members(
                ("error", .object(JSONObject(members: error))),
                ("detail", .string(message)),
                ("request_id", .string(id.description))
            )
        )
    }

    func writeFields(to out: inout ByteWriter) {
        out.writeField("content-type", "application/json")
        out.writeField("cache-control", "no-store")
        if let challenge { out.writeField("www-authenticate", text: challenge) }
        if let retryAfter { out.writeField("retry-after", retryAfter) }
        if !allow.isEmpty { out.writeField("allow", text: allow.map(\.rawValue).joined(separator: ", ")) }
    }
}

extension AdminError {
    static let shape = Shape.object([
        .must(
            "error",
            .object([
                .must("code", .text(least: 1, most: 64), "for programs"),
                .must("message", .text(least: 1), "for people"),
                .may("details", .anything, "what the message says, in parts"),
            ]),
            "why"
        ),
        .must("detail", .text(least: 1), "the message once more"),
        .must("request_id", .text(least: 36, most: 36), "finds the line in the gate's log"),
    ])
}
