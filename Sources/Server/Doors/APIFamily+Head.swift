import OstiaryCore
import OstiaryWire

extension APIFamily {
    /// Whose client this is: the route says so, and where both families have it, or there is none, what only clients of
    /// one of them send.
    init(of head: RequestHead, _ route: Route?) {
        if let family = route?.api?.family {
            self = family
            return
        }
        let isMarked = head.has(.anthropicVersion) || head.withPath(Self.isOfAnthropic)
        self = isMarked ? .anthropic : .openAI
    }

    /// Whether a path is one that only Anthropic's API has, whether or not it is served here.
    private static func isOfAnthropic(_ path: Span<UInt8>) -> Bool {
        if Routes.isPrefixed(path) { return true }
        let messages: StaticString = "/v1/messages"
        guard path.count >= messages.utf8CodeUnitCount else { return false }
        return messages.withUTF8Buffer { text in text.indices.allSatisfy { path[$0] == text[$0] } }
    }
}
