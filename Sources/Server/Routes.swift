import OstiaryCore

/// The public door's routes. A path that is not here is nobody's, and a route cannot be written down without saying
/// who may enter; `docs/guide/routes.md` and the golden list in the tests are this table.
enum Routes {
    static let publicKey = "/v1/public_key"

    static let all: [Route] = [
        Route(path: "/", methods: [.get], access: .open),
        Route(path: "/health", methods: [.get], access: .open),
        Route(path: "/ready", methods: [.get], access: .open),
        Route(path: "/v1/public_key", methods: [.get], access: .open),
        Route(path: "/v1/oauth/token", methods: [.post], access: .assertion),
        Route(path: "/v1/models", methods: [.get], access: .known(.models), api: .models),
        Route(path: "/v1/models/{id}", methods: [.get], access: .known(.models), api: .model),
        Route(path: "/v1/chat/completions", methods: [.post], access: .known(.chat), api: .chatCompletions),
        Route(path: "/v1/completions", methods: [.post], access: .known(.chat), api: .completions),
        Route(path: "/v1/embeddings", methods: [.post], access: .known(.chat), api: .embeddings),
        Route(path: "/v1/responses", methods: [.post], access: .known(.chat), api: .responses),
        Route(path: "/v1/messages", methods: [.post], access: .known(.chat), api: .messages),
        Route(path: "/v1/messages/count_tokens", methods: [.post], access: .known(.chat), api: .tokenCount),
    ]

    /// Clients of Anthropic's API may have this before a path of the API: other gates make them.
    static let anthropicPrefix = Array("/anthropic".utf8)
    /// nilai's clients have this before every path, as its own gate wants it.
    static let nucPrefix = Array("/nuc".utf8)

    private static let paths = all.filter { !$0.path.hasSuffix("{id}") }.map { (path: Array($0.path.utf8), route: $0) }
    private static let places = all.filter { $0.path.hasSuffix("{id}") }
        .map { (path: Array($0.path.dropLast("{id}".count).utf8), route: $0) }

    /// The route of exactly this path, or `nil`.
    static func find(_ path: Span<UInt8>) -> Route? {
        for index in paths.indices where paths[index].path.count == path.count {
            if begins(path, with: paths[index].path) { return paths[index].route }
        }
        return findElsewhere(path)
    }

    /// What a path says of a route's `{id}`, as it is written.
    static func subject(_ path: Span<UInt8>, of route: Route) -> Range<Int>? {
        guard let place = places.first(where: { $0.route == route }) else { return nil }
        let start = place.path.count + prefix(path)
        return start < path.count ? start..<path.count : nil
    }

    /// Whether a path of the API has Anthropic's prefix.
    static func isPrefixed(_ path: Span<UInt8>) -> Bool { begins(path, withPrefix: anthropicPrefix) }

    /// The bytes before the path of a route.
    private static func prefix(_ path: Span<UInt8>) -> Int {
        if isPrefixed(path) { return anthropicPrefix.count }
        return begins(path, withPrefix: nucPrefix) ? nucPrefix.count : 0
    }

    private static func begins(_ path: Span<UInt8>, withPrefix prefix: [UInt8]) -> Bool {
        path.count > prefix.count && path[prefix.count] == UInt8(ascii: "/") && begins(path, with: prefix)
    }

    private static func findElsewhere(_ path: Span<UInt8>) -> Route? {
        for place in places where path.count > place.path.count && begins(path, with: place.path) { return place.route }
        let prefix = prefix(path)
        guard prefix > 0 else { return nil }
        let rest = path.extracting(prefix..<path.count)
        // Once only, and for the API and its sign-in alone: `/anthropic/health` is nothing.
        guard self.prefix(rest) == 0, let route = find(rest) else { return nil }
        if !isPrefixed(path), route.path == publicKey { return route }
        return route.api != nil || (route.access == .assertion && isPrefixed(path)) ? route : nil
    }

    private static func begins(_ path: Span<UInt8>, with beginning: [UInt8]) -> Bool {
        guard path.count >= beginning.count else { return false }
        return beginning.indices.allSatisfy { beginning[$0] == path[$0] }
    }
}
