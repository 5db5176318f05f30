import NIOCore
import OstiaryCore
import OstiaryWire

/// Which web pages may call (Fetch standard, CORS protocol): the configured origins, compared by bytes; no other
/// origin is ever repeated in an answer.
struct OriginRule: Sendable {
    private let origins: [[UInt8]]
    private let methods: StaticString

    /// - Parameter methods: those that pages may use.
    init(_ origins: [String], methods: StaticString = "GET, HEAD, POST") {
        self.origins = origins.map { Array($0.utf8) }
        self.methods = methods
    }

    var isEmpty: Bool { origins.isEmpty }

    /// A preflight from a configured origin; it carries no token and is never forwarded.
    func isPreflight(_ head: RequestHead) -> Bool {
        head.method == .options && head.has(.requestMethod) && allows(head)
    }

    /// Writes what a page of a configured origin needs to read the answer. That the answer depends on the origin is
    /// said to everybody, as a cache might keep it for somebody else.
    func writeFields(for head: RequestHead, to out: inout ByteWriter) {
        out.writeField("vary", "origin")
        guard allows(head), let origin = head.value(.origin) else { return }
        out.writeStaticString("access-control-allow-origin: ")
        out.writeBytes(origin)
        out.writeStaticString("\r\n")
        out.writeField("access-control-expose-headers", Self.exposed)
        guard head.method == .options, head.has(.requestMethod) else { return }
        out.writeField("access-control-allow-methods", methods)
        out.writeField("access-control-allow-headers", Self.accepted)
        out.writeField("access-control-max-age", 600)
    }

    /// What a page may read of an answer besides its type.
    private static let exposed: StaticString = """
        x-request-id, x-upstream-request-id, x-protocol-version, www-authenticate, retry-after, retry-after-ms, \
        x-should-retry, x-ratelimit-limit-requests, x-ratelimit-remaining-requests, x-ratelimit-reset-requests
        """

    /// What a page may send. Besides what the gate reads, the fields that OpenAI's and Anthropic's libraries add to
    /// every request: a browser refuses the whole request for one that is missing here. The gate ignores them.
    private static let accepted: StaticString = """
        authorization, x-api-key, content-type, accept, x-protocol-version, idempotency-key, openai-organization, \
        openai-project, openai-beta, anthropic-version, anthropic-beta, anthropic-dangerous-direct-browser-access, \
        x-stainless-lang, x-stainless-package-version, x-stainless-os, x-stainless-arch, x-stainless-runtime, \
        x-stainless-runtime-version, x-stainless-retry-count, x-stainless-timeout, x-stainless-helper-method, \
        x-stainless-async, x-stainless-poll-helper, x-stainless-custom-poll-interval
        """

    /// Whether the request comes from a page of a configured origin.
    func allows(_ head: RequestHead) -> Bool {
        guard !origins.isEmpty, let origin = head.value(.origin) else { return false }
        return origins.contains(origin)
    }
}
