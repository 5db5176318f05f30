import OstiaryCore
import OstiaryJournal
import OstiaryModels
import OstiaryVault

// Calls about providers: which there are, and whether they take their keys.
extension AdminRoutes {
    static let providers: [AdminRoute] = [
        list,
        list.alias(at: "/secrets/providers"),
        test,
        test.alias(at: "/test/provider/{id}"),
    ]

    private static let list = AdminRoute(
        method: .get,
        path: "/providers",
        access: .owner,
        summary: "the providers that a key can be stored for",
        successes: [
            .init(
                status: 200,
                help: "those that everybody knows, and those of the configuration",
                shape: .object([
                    .must(
                        "providers",
                        .list(
                            .object([
                                .must("id", .text(least: 1, most: 128), "its name in paths"),
                                .must("name", .text(least: 1, most: 128), "its name for people"),
                                .must("base_url", .optional(.text()), "where its API begins"),
                                .must("has_key", .truth, "whether there is a key for it"),
                                .must("last_tested", .optional(.time), "when it was last tested, in this process"),
                                .may("last_result", .optional(ProviderTest.Outcome.shape), "what came of that"),
                            ])
                        ),
                        "all of them"
                    )
                ])
            )
        ],
        serve: { call throws(AdminError) in
            let office = call.office
            let stored = await storedNames(office)
            let rooms = office.rooms
            let entries = KnownProvider.all(in: rooms.generation.configuration).map { provider in
                let last = office.daemon.lastTest(of: provider.id)
                let isLent = provider.configured != nil && rooms.vault.has(provider.id)
                return JSONValue.members(
                    ("id", .string(provider.id)),
                    ("name", .string(provider.name)),
                    ("base_url", provider.base.map { .string($0) } ?? .null),
                    ("has_key", .bool(isLent || stored.contains(provider.storedName))),
                    ("last_tested", last.map { .time($0.at) } ?? .null),
                    ("last_result", last?.outcome.json ?? .null)
                )
            }
            return AdminAnswer(.members(("providers", .array(entries))))
        }
    )

    private static let test = AdminRoute(
        method: .post,
        path: "/providers/{id}/test",
        access: .owner,
        summary: "ask a provider whether it takes the stored key, or one that is given",
        body: .object([.may("api_key", .either([.secret, .null]), "the key to try instead of the stored one")]),
        isBodyOptional: true,
        successes: [
            .init(status: 200, help: "what came of it; a bad key is no error", shape: ProviderTest.Outcome.shape)
        ],
        problems: [
            .invalidKey, .unknownProvider, .noKeyToTest, .storeLocked, .tooManyTests, .noStore, .storeUnreadable,
            .overloaded,
        ],
        serve: { call throws(AdminError) in
            let provider = try call.office.provider(call.argument("id"))
            let key: SecretHolder?
            if let given = call.body.secret {
                key = try checked(given)
            } else if provider.isKeyless {
                key = nil
            } else {
                guard let stored = try await storedKey(of: provider, call.office) else {
                    throw AdminError(.noKeyToTest)
                }
                key = stored
            }
            let base = try await address(of: provider, call.office)
            return AdminAnswer(try await run(provider, at: base, key, call.office).json)
        }
    )

    /// Tests within the provider's limit, and remembers what came of it.
    static func run(
        _ provider: KnownProvider,
        at base: String?,
        _ key: SecretHolder?,
        _ office: AdminOffice
    ) async throws(AdminError) -> ProviderTest.Outcome {
        let daemon = office.daemon
        if let seconds = daemon.tests.take(provider.id, at: daemon.clock.monotonic) {
            throw AdminError(.tooManyTests, retryAfter: seconds)
        }
        let outcome = await daemon.test.run(provider, at: base, key: key)
        daemon.note(outcome, of: provider.id)
        office.trace(
            .providers,
            "a provider was tested",
            ["provider": provider.id, "state": outcome.state, "milliseconds": "\(outcome.latency)"]
        )
        return outcome
    }

    /// A key that was handed in, if it can be one.
    static func checked(_ secret: consuming Secret) throws(AdminError) -> SecretHolder {
        do throws(StoreFault) { try StorableForm.check(secret) } catch { throw AdminError(.invalidKey) }
        return SecretHolder(secret)
    }

    /// The names of all stored keys; none where the store cannot be read, which other calls say.
    private static func storedNames(_ office: AdminOffice) async -> Set<String> {
        guard let store = try? office.store() else { return [] }
        let keys = try? await office.daemon.errands.run { () throws(StoreFault) in try store.list() }
        return Set((keys ?? []).map(\.name.text))
    }

    /// The key that is stored for a provider, or else the one that the gate lends for it.
    static func storedKey(
        of provider: KnownProvider,
        _ office: AdminOffice
    ) async throws(AdminError) -> SecretHolder? {
        if provider.configured != nil, let holder = office.rooms.vault.holder(of: provider.id) { return holder }
        guard let name = try? StoredName(provider.storedName) else { return nil }
        let store = try office.store()
        return try await office.daemon.errands.run { () throws(StoreFault) in
            guard let secret = try store.read(name) else { return nil }
            return SecretHolder(secret)
        }
    }

    /// Where a provider without an address of its own is: as its stored key's metadata says.
    static func address(of provider: KnownProvider, _ office: AdminOffice) async throws(AdminError) -> String? {
        guard provider.base == nil, !provider.isKeyless, let store = office.rooms.store else { return nil }
        let metadata = try await office.daemon.errands.run { () throws(StoreFault) in
            try StoredMetadata.read(of: provider.storedName, in: store)
        }
        return metadata?["base_url"]?.string
    }
}

extension JSONValue {
    /// Seconds since 1970, with fractions.
    static func time(_ time: UnixTime) -> JSONValue {
        .number(JSONNumber(text: "\((time.seconds * 1000).rounded() / 1000)"))
    }
}
