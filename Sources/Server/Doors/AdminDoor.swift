import NIOCore
import OstiaryCore
import OstiaryJournal
import OstiaryWire

/// The admin door on one event loop: finds the call in `AdminRoutes`, lets the caller in or not, reads the body, and
/// answers. It listens on loopback and on a socket file only.
final class AdminDoor: EdgeService {
    private let office: AdminOffice
    private let isSocket: Bool
    private var names = RequestIDs()

    /// - Parameter isSocket: whether it listens on a socket file.
    init(office: AdminOffice, isSocket: Bool) {
        self.office = office
        self.isSocket = isSocket
    }

    func answer(_ head: RequestHead, body: RequestBody, peer: Peer, reply: consuming Reply) {
        let id = names.next()
        let origins = office.daemon.keeper.origins
        reply.addFields { out in
            out.writeCommonFields(id, development: office.mint != nil)
            if !origins.isEmpty { origins.writeFields(for: head, to: &out) }
        }
        guard !origins.isPreflight(head) else {
            _ = reply.send(status: 204, body: ByteBuffer())
            return
        }
        reply.later { [self] reply in await answer(id, head, body, peer, reply) }
    }

    private func answer(
        _ id: RequestID,
        _ head: RequestHead,
        _ body: RequestBody,
        _ peer: Peer,
        _ reply: consuming Reply
    ) async {
        do throws(AdminError) {
            let answer = try await answer(id, head, body, peer)
            trace(id, head, answer.status)
            _ = reply.send(status: answer.status, body: ByteBuffer(bytes: answer.body)) { out in
                out.writeField("content-type", text: answer.contentType)
                out.writeField("cache-control", "no-store")
            }
        } catch {
            trace(id, head, error.status)
            if error.status == 401 {
                office.trace(
                    .auth,
                    "an attempt at the admin door failed",
                    ["peer": peer.address, "request_id": "\(id)"]
                )
            }
            _ = reply.send(status: error.status, body: ByteBuffer(bytes: error.body(id))) { error.writeFields(to: &$0) }
        }
    }

    private func trace(_ id: RequestID, _ head: RequestHead, _ status: Int) {
        // The route's own spelling: a path holds what clients write.
        let route: String =
            if case .route(let found, _) = AdminRoutes.find(head.method, head.path) { found.path } else { "" }
        office.trace(
            .requests,
            "a call of the admin door",
            ["method": head.method.rawValue, "route": route, "status": "\(status)", "request_id": "\(id)"]
        )
    }

    func refusal(_ error: GateError, to head: RequestHead?, started: MonotonicTime, peer: Peer) -> Refusal {
        let id = names.next()
        let error = AdminError(error)
        var fields = ByteWriter()
        fields.writeCommonFields(id, development: office.mint != nil)
        error.writeFields(to: &fields)
        return Refusal(status: error.status, fieldLines: fields.bytes, body: error.body(id))
    }

    /// In the order in which nothing is said to whoever may not hear it: the host and the page, the path, the caller, the
    /// body.
    private func answer(
        _ id: RequestID,
        _ head: RequestHead,
        _ body: RequestBody,
        _ peer: Peer
    ) async throws(AdminError) -> AdminAnswer {
        let keeper = office.daemon.keeper
        try keeper.check(head, isSocket: isSocket)
        let route: AdminRoute
        let arguments: [String: String]
        switch AdminRoutes.find(head.method, head.path) {
        case .route(let found, let given): (route, arguments) = (found, given)
        case .otherMethod(let methods): throw AdminError(.methodNotAllowed, allow: methods)
        case .nothing: throw AdminError(.notFound, "GET /openapi.json lists what there is")
        }
        let now = office.daemon.clock.monotonic
        let caller = try keeper.admit(head, to: route.access, peer: peer, isSocket: isSocket, at: now)
        let call = AdminCall(
            id: id,
            route: route,
            arguments: arguments,
            query: head.query,
            accept: head.value(.accept).map { String(decoding: $0, as: UTF8.self) },
            body: try await Self.read(head, body, route),
            caller: caller,
            peer: peer,
            office: office
        )
        return try await route.serve(call)
    }

    /// A page can post other types than JSON unasked, so every post has to say that it is JSON, with a body or without.
    private static func read(
        _ head: RequestHead,
        _ body: RequestBody,
        _ route: AdminRoute
    ) async throws(AdminError) -> AdminBody {
        guard let shape = route.body else { return .none }
        do throws(GateError) {
            guard head.has(.contentType) || (route.access != .anybody && body.declaredLength == 0) else {
                throw GateError(.unsupportedMediaType, cause: "content_type")
            }
            try MediaType.check(head)
        } catch {
            throw AdminError(error)
        }
        return try await AdminBody.read(body, shape, isOptional: route.isBodyOptional)
    }
}
