import OstiaryCore
import OstiaryJournal

// Calls about the gate itself. They neither show nor change a secret, so whoever reaches the door may make them.
extension AdminRoutes {
    static let gate: [AdminRoute] = [
        AdminRoute(
            method: .get,
            path: "/openapi.json",
            access: .anybody,
            summary: "this document",
            successes: [.init(status: 200, help: "OpenAPI 3.1", shape: .map(.anything))],
            serve: { _ throws(AdminError) in AdminAnswer(bytes: OpenAPIDocument.bytes) }
        ),
        AdminRoute(
            method: .get,
            path: "/health",
            access: .anybody,
            summary: "whether the gate lives and its store of keys can be read",
            successes: [.init(status: 200, help: "it lives", shape: Health.shape)],
            serve: { call throws(AdminError) in await Health.answer(call, isReady: false) }
        ),
        AdminRoute(
            method: .get,
            path: "/ready",
            access: .anybody,
            summary: "whether the gate can serve callers",
            successes: [.init(status: 200, help: "it can", shape: Health.shape)],
            serve: { call throws(AdminError) in await Health.answer(call, isReady: true) }
        ),
        AdminRoute(
            method: .get,
            path: "/metrics",
            access: .anybody,
            summary: "all numbers, for Prometheus",
            successes: [.init(status: 200, help: "the numbers", shape: nil, contentType: "text/plain")],
            serve: { call throws(AdminError) in
                let exposition = call.office.journal.expose(accept: call.accept)
                return AdminAnswer(contentType: exposition.contentType, bytes: exposition.bytes)
            }
        ),
        AdminRoute(
            method: .get,
            path: "/admin/stats",
            access: .anybody,
            summary: "percentiles and rates of the last minutes",
            query: [.init(name: "window", values: ["1m", "5m"], help: "how far back")],
            successes: [.init(status: 200, help: "the numbers", shape: .map(.anything))],
            serve: { call throws(AdminError) in
                let window = try window(call.query)
                let rooms = call.office.rooms
                return AdminAnswer(bytes: rooms.journal.stats(window, configuration: rooms.generation.document))
            }
        ),
        AdminRoute(
            method: .get,
            path: "/admin/upstreams",
            access: .anybody,
            summary: "how each provider is doing",
            successes: [.init(status: 200, help: "by provider", shape: .map(.anything))],
            serve: { call throws(AdminError) in AdminAnswer(bytes: UpstreamsDocument.bytes(call.office.rooms)) }
        ),
        AdminRoute(
            method: .post,
            path: "/reload",
            access: .anybody,
            summary: "read the configuration again",
            body: .object([
                .may("dry_run", .truth, "check everything and change nothing"),
                .may("keys", .truth, "read every issuer's key set anew too"),
            ]),
            isBodyOptional: true,
            successes: [
                .init(status: 200, help: "it is in force, or would be", shape: .map(.anything)),
                .init(
                    status: 422,
                    help: "the configuration has faults, or something cannot be had",
                    shape: .map(.anything)
                ),
                .init(status: 503, help: "the gate is going down, or too many wait already", shape: .map(.anything)),
            ],
            serve: { call throws(AdminError) in
                guard let report = await call.office.reload(ReloadOrder(call.body.json)) else {
                    throw AdminError(.shuttingDown)
                }
                return AdminAnswer(status: report.status, report.json)
            }
        ),
        AdminRoute(
            method: .post,
            path: "/dev/token",
            access: .anybody,
            summary: "a token of the gate's own, in development mode only",
            body: .object([
                .may("sub", .text(least: 1, most: 255), "whom it is for"),
                .may("scope", .text(most: 4096), "its scopes, divided by spaces"),
                .may("lifetime", .whole(1...DevelopmentMint.longest), "seconds"),
            ]),
            isBodyOptional: true,
            successes: [
                .init(
                    status: 200,
                    help: "the token",
                    shape: .object([.must("token", .text(least: 1, most: 65_536), "")])
                )
            ],
            problems: [.notFound],
            serve: { call throws(AdminError) in
                guard let mint = call.office.mint else {
                    throw AdminError(.notFound, "only a gate in development mode gives tokens")
                }
                do throws(GateError) {
                    return AdminAnswer(bytes: try mint.token(for: call.body.json, at: call.office.rooms.clock.now))
                } catch {
                    throw AdminError(error)
                }
            }
        ),
    ]

    private static func window(_ query: [UInt8]) throws(AdminError) -> LivePercentiles.Window {
        switch String(decoding: query, as: UTF8.self) {
        case "", "window=1m": return .minute
        case "window=5m": return .fiveMinutes
        default: throw AdminError(.invalidRequest, "window is 1m or 5m")
        }
    }
}
