import NIOCore
import OstiaryWire

/// Which web pages may call (Fetch standard, CORS protocol): the configured origins, compared by bytes; no other
/// origin is ever repeated in an answer.
struct OriginRule: Sendable {
    private let origins: [[UInt8]]

    init(_ origins: [String]) {
        self.origins = origins.map { Array($0.utf8) }
    }

    /// A preflight from a configured origin; it carries no token and is never forwarded.
    func isPreflight(_ head: RequestHead) -> Bool {
        head.has(.requestMethod) && allows(head)
    }

    /// Writes what a page of a configured origin needs to read the answer.
    func writeFields(for head: RequestHead, to out: inout ByteBuffer) {
        guard allows(head), let origin = head.value(.origin) else { return }
        out.writeStaticString("access-control-allow-origin: ")
        out.writeBytes(origin)
        out.writeStaticString("\r\nvary: origin\r\n")
        out.writeField(
            "access-control-expose-headers",
            text:
                "x-request-id, x-protocol-version, retry-after, x-ratelimit-limit-requests, "
                + "x-ratelimit-remaining-requests, x-ratelimit-reset-requests")
        guard head.has(.requestMethod) else { return }
        out.writeField("access-control-allow-methods", "GET, HEAD, POST")
        out.writeField("access-control-allow-headers", "authorization, content-type, accept, x-protocol-version")
        out.writeField("access-control-max-age", 600)
    }

    private func allows(_ head: RequestHead) -> Bool {
        guard !origins.isEmpty, let origin = head.value(.origin) else { return false }
        return origins.contains(origin)
    }
}
