import OstiaryCore
import OstiaryModels
import OstiaryVault
import Synchronization

// How the key fares that Claude Code's requests are sent on with.
extension AdminRoutes {
    static let claudeCode: [AdminRoute] = [status, refresh, updateKey]

    private static let which = AdminRoute.Parameter(
        name: "provider",
        values: [],
        help: "the provider that is meant; Anthropic's where there is one, else the first with a key"
    )

    private static let status = AdminRoute(
        method: .get,
        path: "/api/auth/status",
        access: .owner,
        summary: "how the key fares that requests are sent on with; never the key",
        query: [which],
        successes: [
            .init(
                status: 200,
                help: "how it fares",
                shape: .object([
                    .must("authenticated", .truth, "whether there is a key to lend"),
                    .must("provider", .optional(.text()), "whose key is meant"),
                    .must("source", .optional(.text()), "the kind of its source"),
                    .must("state", .optional(.text()), "good, stale, throttled, refused or missing"),
                    .must("expires_at", .optional(.time), "when it ends"),
                    .must("last_refresh", .optional(.time), "when it was last read"),
                    .must("last_error", .optional(.text()), "why it could not be read the last time"),
                    .must("refreshes", .whole(0...Int.max), "how often it was read"),
                    .must("failures", .whole(0...Int.max), "how often it could not be"),
                ])
            )
        ],
        problems: [.unknownProvider],
        serve: { call throws(AdminError) in
            let found = try meant(call).flatMap { call.office.rooms.vault.status($0.name).first }
            let isGood = found.map { $0.state != .missing && $0.state != .refused } ?? false
            return AdminAnswer(
                .members(
                    ("authenticated", .bool(isGood)),
                    ("provider", found.map { .string($0.name) } ?? .null),
                    ("source", found.map { .string($0.source) } ?? .null),
                    ("state", found.map { .string($0.state.rawValue) } ?? .null),
                    ("expires_at", found?.expiresAt.map { .time($0) } ?? .null),
                    ("last_refresh", found?.lastRefresh.map { .time($0) } ?? .null),
                    ("last_error", found?.lastError.map { .string($0) } ?? .null),
                    ("refreshes", .integer(found?.refreshes ?? 0)),
                    ("failures", .integer(found?.failures ?? 0))
                )
            )
        }
    )

    private static let refresh = AdminRoute(
        method: .post,
        path: "/api/auth/refresh",
        access: .owner,
        summary: "read the key from its source now",
        body: .object([]),
        isBodyOptional: true,
        query: [which],
        successes: [
            .init(
                status: 200,
                help: "it was read",
                shape: .object([
                    .must("refreshed", .truth, "true"), .must("expires_at", .optional(.time), "when it ends"),
                ])
            )
        ],
        problems: [.unknownProvider, .noKeyToTest, .refreshFailed, .refreshRunning],
        serve: { call throws(AdminError) in
            let office = call.office
            guard let provider = try meant(call), !provider.places.isEmpty else { throw AdminError(.noKeyToTest) }
            let patience = provider.places.map(\.timeout).min() ?? RunningRefreshes.patience
            let now = office.daemon.clock.monotonic
            guard office.daemon.refreshes.begin(provider.name, patience: patience, at: now) else {
                throw AdminError(.refreshRunning)
            }
            let outcomes = await office.rooms.vault.refresh(provider.name) ?? []
            office.daemon.refreshes.end(provider.name)
            for outcome in outcomes {
                if case .failed(let fault) = outcome { throw AdminError(.refreshFailed, fault.description) }
            }
            let expiry = office.rooms.vault.status(provider.name).first?.expiresAt
            return AdminAnswer(
                .members(("refreshed", .bool(true)), ("expires_at", expiry.map { .time($0) } ?? .null))
            )
        }
    )

    private static let updateKey = AdminRoute(
        method: .post,
        path: "/api/auth/update-key",
        access: .owner,
        summary: "store another key in the place of the one that requests are sent on with",
        body: .object([.must("api_key", .secret, "the key")]),
        query: [which],
        successes: [
            .init(
                status: 200,
                help: "it is stored, and lent from now on",
                shape: .object([
                    .must("updated", .truth, "true"),
                    .must("fingerprint", .text(least: 8, most: 8), "tells keys apart, and nothing of them"),
                ])
            )
        ],
        problems: [
            .invalidKey, .unknownProvider, .noKeyToTest, .keyElsewhere, .storeLocked, .noStore, .storeUnreadable,
            .storeFailed, .overloaded,
        ],
        serve: { call throws(AdminError) in
            let office = call.office
            guard let secret = call.body.secret else { throw AdminError(.invalidKey) }
            let key = try checked(secret)
            guard let meant = try meant(call) else { throw AdminError(.noKeyToTest) }
            guard meant.places.first?.isStored == true else { throw AdminError(.keyElsewhere) }
            let provider = try office.provider(meant.name)
            let (fingerprint, _) = try await keep(key, nil, of: provider, call)
            return AdminAnswer(.members(("updated", .bool(true)), ("fingerprint", .string(fingerprint))))
        }
    )

    /// The provider that a call is about.
    private static func meant(_ call: AdminCall) throws(AdminError) -> Configuration.Provider? {
        let providers = call.office.rooms.generation.configuration.providers
        if !call.query.isEmpty {
            let text = String(decoding: call.query, as: UTF8.self)
            guard text.hasPrefix("provider="),
                let named = providers.first(where: { $0.name.hasSameBytes(as: String(text.dropFirst(9))) })
            else { throw AdminError(.unknownProvider) }
            return named
        }
        let keyed = providers.filter { !$0.places.isEmpty }
        return keyed.first { $0.kind.rawValue == "anthropic" } ?? keyed.first {
            ["claude", "anthropic"].contains($0.name)
        }
            ?? keyed.first
    }
}

/// Which keys are being read anew by a call, and since when.
final class RunningRefreshes: Sendable {
    /// Seconds that one may take where its place does not say; after that another call is told that it has not ended.
    static let patience = 10.0

    // Bounded by the providers of the configuration.
    private let running = Mutex<[String: (since: MonotonicTime, count: Int)]>([:])

    /// - Parameter patience: seconds that one may take.
    /// - Returns: false when one has been running for longer than it may.
    func begin(_ name: String, patience: Double = patience, at now: MonotonicTime) -> Bool {
        running.withLock { running in
            guard let known = running[name] else {
                running[name] = (now, 1)
                return true
            }
            guard now.seconds(since: known.since) <= patience else { return false }
            running[name] = (known.since, known.count + 1)
            return true
        }
    }

    func end(_ name: String) {
        running.withLock { running in
            guard let known = running[name] else { return }
            running[name] = known.count > 1 ? (known.since, known.count - 1) : nil
        }
    }
}
