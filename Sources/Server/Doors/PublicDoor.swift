import NIOCore
import OstiaryCore
import OstiaryIdentity
import OstiaryJournal
import OstiaryWire

/// The public door on one event loop: finds the route, answers what is open to all, and sends everything else through
/// the corridor.
final class PublicDoor: EdgeService {
    private let floor: Floor
    private let door: Door
    private let isDevelopment: Bool
    private let worker: Worker
    private var names = RequestIDs()

    init(floor: Floor, worker: Worker, door: Door, isDevelopment: Bool) {
        self.floor = floor
        self.worker = worker
        self.door = door
        self.isDevelopment = isDevelopment
    }

    func answer(_ head: RequestHead, body: RequestBody, peer: Peer, reply: consuming Reply) {
        // Asked for once: whatever is reloaded meanwhile, this request stays in these rooms.
        let corridor = floor.corridor
        let rooms = corridor.rooms
        let origins = rooms.origins
        let id = names.next()
        let route = Self.route(of: head, rooms)
        let family = APIFamily(of: head, route)
        reply.addFields { $0.writeCommonFields(id, family, development: isDevelopment) }
        if !origins.isEmpty { reply.addFields { origins.writeFields(for: head, to: &$0) } }

        let peer = rooms.proxies.client(of: head, behind: peer)
        let call: Call
        do throws(GateError) {
            try rooms.hosts.check(head)
            call = try Call(
                head,
                id: id,
                route: route,
                family: family,
                certificate: reply.clientCertificate,
                peer: peer,
                started: reply.started
            )
        } catch {
            let entry = Entry(
                head,
                id: id,
                route: route,
                peer: peer,
                started: reply.started,
                at: worker.date
            )
            // Two credentials leave no one to believe; nothing more is read from this connection.
            if error.code == .invalidRequest { reply.endConnection() }
            return refuse(error, (family, id), entry, body, reply, rooms)
        }
        if origins.isPreflight(head) {
            return enter(call, body, reply.send(status: 204, body: ByteBuffer()), rooms)
        }
        if route?.access == .assertion, rooms.workloads != nil { return exchange(call, head, body, reply, rooms) }
        guard let route, route.access == .open else { return corridor.walk(call, head, body, reply) }
        guard call.method == .get || call.method == .head else {
            let error = GateError(.methodNotAllowed, allow: [.get, .head])
            return refuse(error, (family, id), Entry(call, at: worker.date), body, reply, rooms)
        }
        enter(call, body, answerOpen(route, reply, rooms), rooms)
    }

    func refusal(_ error: GateError, to head: RequestHead?, started: MonotonicTime, peer: Peer) -> Refusal {
        let id = names.next()
        let rooms = floor.corridor.rooms
        var entry = Entry(
            id: id,
            time: worker.date,
            status: error.status,
            outcome: .refused(error.code),
            cause: "\(error.cause)",
            peer: peer
        )
        entry.duration = worker.now.seconds(since: started)
        rooms.journal.enter(entry, loop: worker.index)
        let family = head.map { APIFamily(of: $0, $0.withPath(Routes.find)) } ?? .openAI
        return Refusal(error, family, id: id, development: isDevelopment)
    }

    private func answerOpen(_ route: Route, _ reply: consuming Reply, _ rooms: Rooms) -> Delivery {
        let health = Health(rooms: rooms, isDraining: door.isDraining)
        // Whoever looks whether there is anything at all gets no more than that.
        let (status, body) =
            switch route.path {
            case "/": (200, Array("{}".utf8))
            case "/ready": health.ready
            case Routes.publicKey: (200, Self.publicKey(rooms))
            default: health.live
            }
        return reply.send(status: status, body: ByteBuffer(bytes: body)) { out in
            out.writeField("content-type", "application/json")
            out.writeField("cache-control", "no-store")
        }
    }

    /// The route that the path names, where this gate has what it shows.
    private static func route(of head: RequestHead, _ rooms: Rooms) -> Route? {
        let route = head.withPath(Routes.find)
        guard let route, route.path.utf8.count == Routes.publicKey.utf8.count, route.path == Routes.publicKey else {
            return route
        }
        return rooms.bearer.capabilities?.key == nil ? nil : route
    }

    /// The key that capability tokens have to be made out to, as nilai shows it: JSON text of its base64.
    private static func publicKey(_ rooms: Rooms) -> [UInt8] {
        let key = rooms.bearer.capabilities?.key?.publicKey.compressed ?? []
        return JSONWriter.write(.string(String(decoding: Base64.encode(key), as: UTF8.self)))
    }

    /// The token endpoint: whoever comes brings an assertion, and goes with a token.
    private func exchange(
        _ call: Call,
        _ head: RequestHead,
        _ body: RequestBody,
        _ reply: consuming Reply,
        _ rooms: Rooms
    ) {
        reply.later { [worker] reply in
            var entry = Entry(call, at: worker.date)
            do throws(GateError) {
                let answer = try await TokenDoor.answer(call, head, body, rooms)
                entry.user = answer.pseudonym
                entry.delivered(
                    reply.send(status: 200, body: ByteBuffer(bytes: answer.body)) { out in
                        out.writeField("content-type", "application/json")
                        out.writeField("cache-control", "no-store")
                    }
                )
            } catch {
                entry.refused(error, reply.refuseGrant(error, to: call))
            }
            entry.bytesIn = body.received
            rooms.journal.enter(entry, loop: worker.index)
        }
    }

    private func refuse(
        _ error: GateError,
        _ client: (family: APIFamily, id: RequestID),
        _ entry: Entry,
        _ body: RequestBody,
        _ reply: consuming Reply,
        _ rooms: Rooms
    ) {
        var entry = entry
        entry.refused(error, reply.refuse(error, client.family, id: client.id))
        entry.bytesIn = body.received
        rooms.journal.enter(entry, loop: worker.index)
    }

    private func enter(_ call: Call, _ body: RequestBody, _ delivery: Delivery, _ rooms: Rooms) {
        var entry = Entry(call, at: worker.date)
        entry.delivered(delivery)
        entry.bytesIn = body.received
        rooms.journal.enter(entry, loop: worker.index)
    }
}
