import OstiaryCore

/// The URL under which clients reach a gate.
public struct GateURL: Hashable, Sendable, CustomStringConvertible {
    private let text: String
    /// `host` or `host:port`, as a client's other programs spell it.
    public let authority: String
    /// Whether it is a name or an address of this machine.
    public let isLoopback: Bool

    /// - Returns: `nil` for what is no URL, has a query, or would send tokens over a network in clear.
    public init?(_ text: String) {
        guard let url = WebURL(text), url.query == nil else { return nil }
        guard url.isSecure || url.isLoopback else { return nil }
        self.text = url.withoutTrailingSlash
        isLoopback = url.isLoopback
        authority = String(url.origin.split(separator: "/").last ?? "")
    }

    /// Without a slash at the end.
    public var description: String { text }

    /// What Anthropic's clients call a base URL: they add `/v1/messages`.
    public var anthropic: String { text }

    /// What OpenAI's clients call a base URL: they add `/chat/completions`.
    public var openAI: String { text + "/v1" }
}
