public import OstiaryCore

/// What one kind of route asks for, with everything an answer needs made beforehand.
struct ScopeRule: Sendable {
    let needed: Scopes
    /// The `WWW-Authenticate` value of a refusal (RFC 6750 section 3.1).
    let challenge: String
    /// What a permit gives as its reason.
    let reasons: [String]

    init(kind: Route.Kind, needed: Scopes) throws(InvalidScope) {
        for name in needed.names where !Self.isScopeToken(name) { throw InvalidScope(kind: kind) }
        self.needed = needed
        challenge = "Bearer error=\"insufficient_scope\", scope=\"\(needed.spaceSeparated)\""
        reasons = [needed.isEmpty ? "no scope needed: \(kind.rawValue)" : "scope: \(kind.rawValue)"]
    }

    /// RFC 6749 section 3.3: `%x21 / %x23-5B / %x5D-7E`, at least one.
    private static func isScopeToken(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.allSatisfy { 0x21...0x7e ~= $0 && $0 != 0x22 && $0 != 0x5c }
    }
}

/// A scope name in the configuration that no token could hold (RFC 6749 section 3.3).
public struct InvalidScope: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of route whose scopes are at fault.
    public let kind: Route.Kind

    public var description: String {
        "a scope for \(kind.rawValue) is not a scope name: printable ASCII without space, quote and backslash"
    }
}
