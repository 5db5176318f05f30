import OstiaryCore

/// The admin door's calls. A path that is not here is nobody's, and a call cannot be written down without saying who may
/// make it. One line for each group; a group is a file beside this one.
enum AdminRoutes {
    static let all: [AdminRoute] =
        gate
        + providers
        + credentials
        + sealing
        + claudeCode
        + owner
        + proxy

    enum Found: Sendable {
        case route(AdminRoute, [String: String])
        /// The path is there, with these methods.
        case otherMethod([Method])
        case nothing
    }

    static func find(_ method: Method, _ path: String) -> Found {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        // A path with a fixed last part comes before one that takes any.
        let matches = all.compactMap { route in route.arguments(parts).map { (route, $0) } }
        let wanted: Method = method == .head ? .get : method
        if let (route, arguments) = matches.first(where: { $0.0.method == wanted }) { return .route(route, arguments) }
        guard !matches.isEmpty else { return .nothing }
        let methods = Set(matches.map(\.0.method))
        return .otherMethod(
            Method.allCases.filter { methods.contains($0) || ($0 == .head && methods.contains(.get)) }
        )
    }
}
