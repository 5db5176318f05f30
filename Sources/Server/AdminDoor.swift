import NIOCore
import OstiaryCore
import OstiaryJournal
import OstiaryWire

/// The admin door on one event loop: metrics, percentiles, health and, in development mode, tokens. It listens on
/// loopback and on a socket file only.
///
/// Pages of other sites reach loopback too, through a visitor's browser; so `Host` must name this machine and a
/// request that a page sent (`Origin`) is refused.
final class AdminDoor: EdgeService {
    private let rooms: Rooms
    private let mint: DevelopmentMint?
    private var names = RequestIDs()

    init(rooms: Rooms, mint: DevelopmentMint?) {
        self.rooms = rooms
        self.mint = mint
    }

    func answer(_ head: RequestHead, body: RequestBody, peer: Peer, reply: consuming Reply) async {
        let id = names.next()
        reply.addFields { $0.writeCommonFields(id, development: mint != nil) }
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

    func refusal(_ error: GateError, started: MonotonicTime, peer: Peer) -> Refusal {
        Refusal(error, id: names.next(), development: mint != nil)
    }

    private struct Document {
        var status = 200
        var contentType = "application/json"
        let body: [UInt8]
    }

    private func document(_ head: RequestHead, _ body: RequestBody) async throws(GateError) -> Document {
        guard Self.isLocal(head) else {
            throw GateError(.invalidRequest, cause: "foreign_host", detail: "the admin door answers to loopback names only")
        }
        guard !head.has(.origin) else {
            throw GateError(.invalidRequest, cause: "foreign_origin", detail: "web pages may not use the admin door")
        }
        switch (head.method, head.path) {
        case (.get, "/metrics"), (.head, "/metrics"):
            let accept = head.value(.accept).map { String(decoding: $0, as: UTF8.self) }
            let exposition = rooms.journal.expose(accept: accept)
            return Document(contentType: exposition.contentType, body: exposition.bytes)
        case (.get, "/admin/stats"):
            return Document(body: rooms.journal.stats(try Self.window(head.query)))
        case (.get, "/health"):
            let health = Health(rooms: rooms, isDraining: false).live
            return Document(status: health.status, body: health.body)
        case (.post, "/dev/token"):
            guard let mint else { throw GateError(.notFound) }
            return Document(body: try await mint.token(for: body, at: rooms.clock.now))
        default:
            throw GateError(.notFound, detail: "the admin door serves /metrics, /admin/stats and /health")
        }
    }

    private static func window(_ query: [UInt8]) throws(GateError) -> LivePercentiles.Window {
        switch String(decoding: query, as: UTF8.self) {
        case "", "window=1m": return .minute
        case "window=5m": return .fiveMinutes
        default: throw GateError(.invalidRequest, cause: "window", detail: "window is 1m or 5m")
        }
    }

    /// Whether `Host` is an address of loopback or `localhost` (DNS rebinding brings any other name here).
    private static func isLocal(_ head: RequestHead) -> Bool {
        let host = head.value(.host).map { String(decoding: $0, as: UTF8.self).lowercased() } ?? ""
        return ["127.0.0.1", "localhost", "[::1]"].contains { host == $0 || host.hasPrefix("\($0):") }
    }
}
