import OstiaryCore
import OstiaryJournal
import OstiaryModels
import OstiarySupervisor
import OstiaryVault

// Calls about the proxy: a gate of its own for one provider, that this one starts and looks after.
extension AdminRoutes {
    static let proxy: [AdminRoute] = [startProxy, stopProxy, proxyStatus]

    private static let startProxy = AdminRoute(
        method: .post,
        path: "/proxy/start",
        access: .owner,
        summary: "start the proxy for a provider, or do nothing where the same one runs",
        body: .object([
            .must("provider", .text(least: 1, most: 128), "the provider"),
            .must("port", .whole(0...65_535), "where it listens on 127.0.0.1; 0 chooses one"),
            .may("reasoning_model", .optional(.text(most: 256)), "the model for the large names of Claude"),
            .may("completion_model", .optional(.text(most: 256)), "the model for the other names of Claude"),
            .may("execution_model", .optional(.text(most: 256)), "another name for completion_model"),
            .may("custom_url", .optional(.text(most: 2048)), "where a provider is that has no address of its own"),
            .may("debug", .optional(.truth), "whether it logs more"),
        ]),
        successes: [.init(status: 200, help: "it answers", shape: proxyShape)],
        problems: [
            .proxyWithoutKey, .badProxyProvider, .customURLMissing, .proxyRunning, .proxyPortInUse, .proxyImpossible,
            .proxyFailed, .proxyTimeout, .storeLocked, .storeUnreadable, .overloaded,
        ],
        serve: { call throws(AdminError) in
            let office = call.office
            let program = office.rooms.generation.configuration.daemon.proxy
            // A gate's callers would be unknown to another one in development mode; a program knows its own.
            guard office.proxy.isPossible(program), office.mint == nil || !program.command.isEmpty else {
                throw AdminError(.proxyImpossible)
            }
            guard let id = call.body["provider"]?.string,
                let provider = KnownProvider.all(in: office.rooms.generation.configuration).first(where: {
                    $0.id.hasSameBytes(as: id)
                })
            else { throw AdminError(.badProxyProvider) }
            let wish = try await wish(for: provider, isGate: program.command.isEmpty, call)
            let key = provider.isKeyless ? nil : try await proxyKey(of: provider, office)
            if !provider.isKeyless, key == nil { throw AdminError(.proxyWithoutKey) }
            do throws(SupervisorFault) {
                return AdminAnswer(document(try await office.proxy.start(wish, key: key, program: program), office))
            } catch {
                throw AdminError(error)
            }
        }
    )

    private static let stopProxy = AdminRoute(
        method: .post,
        path: "/proxy/stop",
        access: .owner,
        summary: "end the proxy and all it started",
        body: .object([]),
        isBodyOptional: true,
        successes: [
            .init(
                status: 200,
                help: "none runs",
                shape: .object([
                    .must("success", .truth, "true"), .must("stopped", .truth, "whether one ran"),
                ])
            )
        ],
        serve: { call throws(AdminError) in
            let isStopped = await call.office.proxy.stop()
            return AdminAnswer(.members(("success", .bool(true)), ("stopped", .bool(isStopped))))
        }
    )

    private static let proxyStatus = AdminRoute(
        method: .get,
        path: "/proxy/status",
        access: .owner,
        summary: "the proxy as it is now",
        successes: [.init(status: 200, help: "also where none runs", shape: proxyShape)],
        serve: { call throws(AdminError) in
            AdminAnswer(document(await call.office.proxy.status, call.office))
        }
    )

    private static let proxyShape = Shape.object([
        .must("running", .truth, "whether it answers"),
        .must("state", .word(["stopped", "starting", "running", "waiting", "failed"]), "the same in more words"),
        .must("pid", .optional(.whole(0...Int(Int32.max))), "its process"),
        .must("port", .optional(.whole(0...65_535)), "where it listens on 127.0.0.1"),
        .must("provider", .optional(.text(most: 128)), "the provider that it is for"),
        .must("uptime", .optional(.number), "seconds since it was ready"),
        .must("memory_usage", .optional(.whole(0...Int.max)), "bytes that it has in RAM"),
        .must("restarts", .whole(0...Int.max), "starts after the first one"),
        .must(
            "last_exit",
            .optional(
                .object([
                    .may("code", .whole(0...255), "the status that it ended with"),
                    .may("signal", .whole(1...64), "the signal that ended it"),
                    .must("at", .time, "when"),
                    .must("reason", .text(), "the same in words"),
                ])
            ),
            "how the last one ended"
        ),
        .must("last_lines", .list(.text(most: 65_536)), "what it said last, without secrets; 200 lines at most"),
    ])

    private static func document(_ status: SupervisorStatus, _ office: AdminOffice) -> JSONValue {
        var exit = JSONValue.null
        if let last = status.lastExit {
            var members: [JSONObject.Member] = []
            switch last.end {
            case .ended(.exit(let code)): members.append(.init(name: "code", value: .integer(Int(code))))
            case .ended(.signal(let number)): members.append(.init(name: "signal", value: .integer(Int(number))))
            default: break
            }
            members += [
                .init(name: "at", value: .time(last.at)), .init(name: "reason", value: .string("\(last.end)")),
            ]
            exit = .object(JSONObject(members: members))
        }
        let seconds = status.uptime.map { JSONValue.number(JSONNumber(text: "\(($0 * 1000).rounded() / 1000)")) }
        return .members(
            ("running", .bool(status.isRunning)),
            ("state", .string(status.state.rawValue)),
            ("pid", status.pid.map { .integer(Int($0)) } ?? .null),
            ("port", status.port.map { .integer(Int($0)) } ?? .null),
            ("provider", status.label.map { .string($0) } ?? .null),
            ("uptime", seconds ?? .null),
            ("memory_usage", status.memory.map { .integer($0) } ?? .null),
            ("restarts", .integer(status.restarts)),
            ("last_exit", exit),
            ("last_lines", .array(status.lastLines.map { .string($0) }))
        )
    }

    /// What the call asks for. A key goes only where its provider is: another address is taken from the call for a
    /// provider without one alone, or whoever may start a proxy could have every key sent anywhere.
    private static func wish(
        for provider: KnownProvider,
        isGate: Bool,
        _ call: AdminCall
    ) async throws(AdminError) -> ProxyDesk.Wish {
        func text(_ name: String) -> String? { call.body[name]?.string.flatMap { $0.isEmpty ? nil : $0 } }
        guard let port = call.body["port"]?.number?.int.flatMap({ UInt16(exactly: $0) }) else {
            throw AdminError(.invalidBody, ".port must be a port")
        }
        var wish = ProxyDesk.Wish(provider: provider.id, port: port)
        wish.reasoning = text("reasoning_model")
        wish.completion = text("completion_model") ?? text("execution_model")
        wish.debug = call.body["debug"]?.bool ?? false
        let own = try await address(of: provider, call.office) ?? provider.base
        switch (own, text("custom_url")) {
        case (nil, nil) where !provider.isKeyless: throw AdminError(.customURLMissing)
        case (nil, let given?):
            guard let url = WebURL(given), url.query == nil else { throw AdminError(.customURLMissing, "it is no URL") }
            wish.base = given
        case (let own?, let given?) where !own.hasSameBytes(as: given):
            throw AdminError(.badProxyProvider, "it has an address of its own, and its key goes nowhere else")
        // What the configuration says of it goes with its name.
        case (let own, _): wish.base = provider.configured == nil || !isGate ? own : nil
        }
        if let url = wish.base.flatMap({ WebURL($0) }), let name = ProxyHost(url).variables.first {
            wish.keyVariable = name
        }
        return wish
    }

    private static func proxyKey(
        of provider: KnownProvider,
        _ office: AdminOffice
    ) async throws(AdminError) -> SecretHolder? {
        if provider.configured != nil, let key = office.rooms.vault.holder(of: provider.id) { return key }
        guard office.rooms.store != nil else { return nil }
        return try await storedKey(of: provider, office)
    }
}

extension AdminError {
    init(_ fault: SupervisorFault) {
        let problem: AdminProblem =
            switch fault {
            case .alreadyRunning: .proxyRunning
            case .portInUse, .foreignListener: .proxyPortInUse
            case .startTimeout: .proxyTimeout
            case .unusable, .notFound, .ended, .gaveUp, .cancelled, .notStarted: .proxyFailed
            }
        self.init(problem, "\(fault)")
    }
}
