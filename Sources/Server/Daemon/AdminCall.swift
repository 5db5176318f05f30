import OstiaryCore
import OstiaryWire

/// A call of the admin door that was let in.
struct AdminCall: Sendable {
    let id: RequestID
    let route: AdminRoute
    /// What the client named in the path.
    let arguments: [String: String]
    let query: [UInt8]
    let accept: String?
    let body: AdminBody
    let caller: AdminCaller
    let peer: Peer
    let office: AdminOffice

    /// What the client named in the path under `name`.
    func argument(_ name: String) -> String { arguments[name] ?? "" }
}

/// Who calls at the admin door, as far as that is known.
enum AdminCaller: Hashable, Sendable {
    /// Nobody was asked.
    case anybody
    /// The gate's own user, or root, by the socket file.
    case owner
    /// The holder of a token of this name.
    case token(String, scopes: [String])

    func has(_ scope: String) -> Bool {
        switch self {
        case .anybody: false
        case .owner: true
        case .token(_, let scopes): scopes.contains { $0.hasSameBytes(as: scope) }
        }
    }

    /// For logs and the audit trail.
    var name: String {
        switch self {
        case .anybody: "anybody"
        case .owner: "owner"
        case .token(let name, _): "token \(name)"
        }
    }
}
