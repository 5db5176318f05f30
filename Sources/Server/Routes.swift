import OstiaryCore

/// The public door's routes. A path that is not here is nobody's, and a route cannot be written down without saying
/// who may enter; `docs/guide/routes.md` and the golden list in the tests are this table.
enum Routes {
    static let all: [Route] = [
        Route(path: "/health", methods: [.get], access: .open),
        Route(path: "/ready", methods: [.get], access: .open),
        Route(path: "/v1/oauth/token", methods: [.post], access: .assertion),
        Route(path: "/v1/models", methods: [.get], access: .known(.models)),
        Route(path: "/v1/chat/completions", methods: [.post], access: .known(.chat)),
        Route(path: "/v1/completions", methods: [.post], access: .known(.chat)),
        Route(path: "/v1/embeddings", methods: [.post], access: .known(.chat)),
        Route(path: "/v1/responses", methods: [.post], access: .known(.chat)),
    ]

    private static let paths = all.map { (path: Array($0.path.utf8), route: $0) }

    /// The route of exactly this path, or `nil`.
    static func find(_ path: Span<UInt8>) -> Route? {
        for index in paths.indices where paths[index].path.count == path.count {
            let candidate = paths[index].path
            if candidate.indices.allSatisfy({ candidate[$0] == path[$0] }) { return paths[index].route }
        }
        return nil
    }
}
