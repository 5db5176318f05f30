import NIOCore
import OstiaryCore
import OstiaryJournal
import OstiaryWire

/// The admin door on one event loop: metrics, percentiles, health, reloading and, in development mode, tokens. It
/// listens on loopback and on a socket file only.
///
/// Pages of other sites reach loopback too, through a visitor's browser; so `Host` must name this machine, a request
/// that a page sent (`Origin`) is refused, and what is posted must be JSON, which no page can send unasked. A browser
/// cannot reach a socket file, so any `Host` will do there.
final class AdminDoor: EdgeService {
    /// Reloads the configuration and tells what became of it; `nil` while there is nobody who could.
    typealias Reload = @Sendable (ReloadOrder) async -> ReloadReport?

    private let house: House
    private let mint: DevelopmentMint?
    private let reload: Reload
    private let isSocket: Bool
    private var names = RequestIDs()

    /// - Parameter isSocket: whether it listens on a socket file.
    init(house: House, mint: DevelopmentMint?, isSocket: Bool, reload: @escaping Reload) {
        self.house = house
        self.mint = mint
        self.isSocket = isSocket
        self.reload = reload
    }

    func answer(_ head: RequestHead, body: RequestBody, peer: Peer, reply: consuming Reply) {
        let id = names.next()
        reply.addFields { $0.writeCommonFields(id, development: mint != nil) }
        reply.later { [self] reply in await answer(head, body, reply) }
    }

    private func answer(_ head: RequestHead, _ body: RequestBody, _ reply: consuming Reply) async {
        do throws(GateError) {
            let document = try await document(head, body)
            _ = reply.send(status: document.status, body: ByteBuffer(bytes: document.body)) { out in
                out.writeField("content-type", text: document.contentType)
                out.writeField("cache-control", "no-store")
            }
        } catch {
            _ = reply.refuse(error)
        }
    }

    func refusal(_ error: GateError, to head: RequestHead?, started: MonotonicTime, peer: Peer) -> Refusal {
        Refusal(error, id: names.next(), development: mint != nil)
    }

    private struct Document {
        var status = 200
        var contentType = "application/json"
        let body: [UInt8]
    }

    private func document(_ head: RequestHead, _ body: RequestBody) async throws(GateError) -> Document {
        guard isSocket || Self.isLocal(head) else {
            throw GateError(
                .invalidRequest,
                cause: "foreign_host",
                detail: "the admin door answers to loopback names only"
            )
        }
        guard !head.has(.origin) else {
            throw GateError(.invalidRequest, cause: "foreign_origin", detail: "web pages may not use the admin door")
        }
        let rooms = house.current
        switch head.path {
        case "/metrics":
            try Self.allow([.get, .head], head)
            let accept = head.value(.accept).map { String(decoding: $0, as: UTF8.self) }
            let exposition = rooms.journal.expose(accept: accept)
            return Document(contentType: exposition.contentType, body: exposition.bytes)
        case "/admin/stats":
            try Self.allow([.get, .head], head)
            let window = try Self.window(head.query)
            return Document(body: rooms.journal.stats(window, configuration: rooms.generation.document))
        case "/admin/upstreams":
            try Self.allow([.get, .head], head)
            return Document(body: UpstreamsDocument.bytes(rooms))
        case "/health":
            try Self.allow([.get, .head], head)
            let health = Health(rooms: rooms, isDraining: house.isClosing, isDetailed: true).live
            return Document(status: health.status, body: health.body)
        case "/ready":
            try Self.allow([.get, .head], head)
            let health = Health(rooms: rooms, isDraining: house.isClosing, isDetailed: true).ready
            return Document(status: health.status, body: health.body)
        case "/reload":
            try Self.allow([.post], head)
            try Self.mustBeJSON(head)
            let order = try await ReloadOrder.read(body)
            guard let report = await reload(order) else { throw GateError(.shuttingDown) }
            return Document(status: report.status, body: JSONWriter.write(report.json))
        case "/dev/token":
            guard let mint else { throw GateError(.notFound, detail: "only a gate in development mode gives tokens") }
            try Self.allow([.post], head)
            try Self.mustBeJSON(head)
            return Document(body: try await mint.token(for: body, at: rooms.clock.now))
        default:
            throw GateError(
                .notFound,
                detail: "the admin door serves /metrics, /admin/stats, /admin/upstreams, /health, /ready and /reload"
            )
        }
    }

    private static func allow(_ methods: [Method], _ head: RequestHead) throws(GateError) {
        guard methods.contains(head.method) else { throw GateError(.methodNotAllowed, allow: methods) }
    }

    /// A page can post other types unasked.
    private static func mustBeJSON(_ head: RequestHead) throws(GateError) {
        guard head.has(.contentType) else { throw GateError(.unsupportedMediaType, cause: "content_type") }
        try MediaType.check(head)
    }

    private static func window(_ query: [UInt8]) throws(GateError) -> LivePercentiles.Window {
        switch String(decoding: query, as: UTF8.self) {
        case "", "window=1m": return .minute
        case "window=5m": return .fiveMinutes
        default: throw GateError(.invalidRequest, cause: "window", detail: "window is 1m or 5m")
        }
    }

    /// Whether `Host` is a loopback address or `localhost` (DNS rebinding brings any other name here).
    private static func isLocal(_ head: RequestHead) -> Bool {
        guard let value = head.value(.host) else { return false }
        var host = String(decoding: value, as: UTF8.self).lowercased()
        if host.hasPrefix("["), let end = host.lastIndex(of: "]") {
            host = String(host[host.index(after: host.startIndex)..<end])
        } else if let colon = host.lastIndex(of: ":") {
            host = String(host[..<colon])
        }
        return host == "localhost" || IPAddress(host)?.isLoopback == true
    }
}
