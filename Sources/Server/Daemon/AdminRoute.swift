import OstiaryCore

/// One call of the admin door: where it is, who may make it, what it takes and gives, and what serves it. The door, the
/// OpenAPI document and the table in the guide are made from these.
struct AdminRoute: Sendable {
    /// Who may call.
    enum Access: Hashable, Sendable {
        /// Whoever reaches the door: calls that neither show nor change a secret.
        case anybody
        /// The owner: over the socket file the gate's own user, over the network a token of the daemon.
        case owner
        /// The same with this scope.
        case scoped(String)
    }

    /// What a call gives when it succeeds.
    struct Success: Sendable {
        let status: Int
        let help: String
        /// `nil` for what is no JSON.
        let shape: Shape?
        var contentType = "application/json"
    }

    let method: Method
    /// The path, with a part `{name}` for what the client names.
    let path: String
    let access: Access
    /// One line for the documents.
    let summary: String
    /// What the call takes; `nil` for a call without a body.
    var body: Shape?
    /// Whether the body may be left out.
    var isBodyOptional = false
    var query: [Parameter] = []
    let successes: [Success]
    /// What may go wrong besides what goes wrong everywhere.
    var problems: [AdminProblem] = []
    /// The name of a call that this is another spelling of; left out of the document.
    var isAlias = false
    let serve: @Sendable (AdminCall) async throws(AdminError) -> AdminAnswer

    struct Parameter: Sendable {
        let name: String
        let values: [String]
        let help: String
    }

    /// The path's parts, divided at slashes.
    var parts: [Substring] { path.split(separator: "/", omittingEmptySubsequences: false) }

    /// What the client names in `path`, or `nil` when it is another path.
    func arguments(_ path: [Substring]) -> [String: String]? {
        let parts = parts
        guard parts.count == path.count else { return nil }
        var arguments: [String: String] = [:]
        for (part, given) in zip(parts, path) {
            if part.utf8.first == UInt8(ascii: "{") {
                guard !given.isEmpty else { return nil }
                arguments[String(part.dropFirst().dropLast())] = String(given)
            } else if !part.utf8.elementsEqual(given.utf8) {
                return nil
            }
        }
        return arguments
    }

    /// The same call at another path.
    func alias(_ method: Method? = nil, at path: String, successes: [Success]? = nil) -> AdminRoute {
        var copy = AdminRoute(
            method: method ?? self.method,
            path: path,
            access: access,
            summary: summary,
            body: body,
            isBodyOptional: isBodyOptional,
            query: query,
            successes: successes ?? self.successes,
            problems: problems,
            serve: serve
        )
        copy.isAlias = true
        return copy
    }
}
