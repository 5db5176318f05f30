import OstiaryCore
import OstiaryJournal
import OstiaryVault

// Calls about the keys of providers.
extension AdminRoutes {
    static let credentials: [AdminRoute] = [
        index,
        store(.post),
        store(.put),
        store(.put).alias(at: "/secrets/provider/{id}"),
        reveal,
        remove,
        remove.alias(at: "/secrets/provider/{id}"),
        rotate,
    ]

    private static let index = AdminRoute(
        method: .get,
        path: "/credentials",
        access: .owner,
        summary: "the stored keys by fingerprint; no key is shown",
        successes: [
            .init(
                status: 200,
                help: "all of them",
                shape: .object([
                    .must(
                        "credentials",
                        .list(
                            .object([
                                .must("id", .text(least: 1, most: 128), "the name that it is stored under"),
                                .must("fingerprint", .text(least: 8, most: 8), "tells keys apart, and nothing of them"),
                                .must("created_at", .optional(.time), "when there was first a key of this name"),
                                .must("updated_at", .optional(.time), "when it was last replaced"),
                            ])
                        ),
                        "in the order of their names"
                    ),
                    .must("backend", .word(StoreKind.allCases.map(\.rawValue)), "where they are stored"),
                ])
            )
        ],
        problems: [.storeLocked, .noStore, .storeUnreadable, .overloaded],
        serve: { call throws(AdminError) in
            let store = try call.office.store()
            let fingerprints = call.office.daemon.fingerprints
            let entries = try await call.office.daemon.errands.run { () throws(StoreFault) in
                var entries: [JSONValue] = []
                for key in try store.list() where !StoredMetadata.isOne(key.name) {
                    guard let secret = try store.read(key.name) else { continue }
                    entries.append(
                        .members(
                            ("id", .string(key.name.text)),
                            ("fingerprint", .string(fingerprints.of(secret))),
                            ("created_at", key.created.map { .time($0) } ?? .null),
                            ("updated_at", key.updated.map { .time($0) } ?? .null)
                        )
                    )
                }
                return entries
            }
            return AdminAnswer(
                .members(("credentials", .array(entries)), ("backend", .string(call.office.rooms.storeKind.rawValue)))
            )
        }
    )

    private static func store(_ method: Method) -> AdminRoute {
        AdminRoute(
            method: method,
            path: "/credentials/{id}",
            access: .owner,
            summary: "store a provider's key, in the place of one that was there",
            body: .object([
                .must("api_key", .secret, "the key"),
                .may(
                    "metadata",
                    .either([.map(.anything), .null]),
                    "what is to be written down beside it; 4 KiB at most"
                ),
                .may("validate", .truth, "ask the provider first, and store nothing that it does not take"),
            ]),
            successes: [
                .init(status: 201, help: "there was none", shape: stored),
                .init(status: 200, help: "it took the place of another", shape: stored),
            ],
            problems: [
                .invalidKey, .unknownProvider, .storeLocked, .tooManyTests, .validationFailed, .noStore,
                .storeUnreadable,
                .storeFailed, .auditFailed, .overloaded,
            ],
            serve: { call throws(AdminError) in try await keep(call) }
        )
    }

    private static let stored = Shape.object([
        .must("id", .text(least: 1, most: 128), "the provider"),
        .must("stored", .truth, "true"),
        .must("fingerprint", .text(least: 8, most: 8), "tells keys apart, and nothing of them"),
        .must("backend", .word(StoreKind.allCases.map(\.rawValue)), "where it is stored"),
        .must("created_at", .optional(.time), "when there was first a key of this name"),
        .must("message", .text(), "the same for people"),
    ])

    private static func keep(_ call: AdminCall) async throws(AdminError) -> AdminAnswer {
        let office = call.office
        let provider = try office.provider(call.argument("id"))
        guard let given = call.body.secret else { throw AdminError(.invalidKey) }
        let key = try checked(given)
        let metadata = call.body["metadata"]?.object
        if let metadata, StoredMetadata.bytes(metadata).count > StoredMetadata.limit {
            throw AdminError(.invalidBody, ".metadata has more than \(StoredMetadata.limit) bytes")
        }
        _ = try office.store()
        let validates = call.body["validate"]?.bool == true
        if validates {
            let outcome = try await run(provider, at: metadata?["base_url"]?.string, key, office)
            guard outcome.success else {
                throw AdminError(.validationFailed, outcome.message, details: outcome.json)
            }
        } else {
            office.daemon.forgetTest(of: provider.id)
        }
        let (fingerprint, known) = try await keep(key, metadata, of: provider, call)
        return AdminAnswer(
            status: known == nil ? 201 : 200,
            .members(
                ("id", .string(provider.id)),
                ("stored", .bool(true)),
                ("fingerprint", .string(fingerprint)),
                ("backend", .string(office.rooms.storeKind.rawValue)),
                ("created_at", .time(known?.created ?? office.daemon.clock.now)),
                ("message", .string(known == nil ? "stored" : "stored in the place of the one before"))
            )
        )
    }

    /// Stores a key, and has the running gate lend it.
    /// - Returns: its fingerprint, and what was known of the one before.
    static func keep(
        _ key: SecretHolder,
        _ metadata: JSONObject?,
        of provider: KnownProvider,
        _ call: AdminCall
    ) async throws(AdminError) -> (fingerprint: String, before: StoredKey?) {
        let office = call.office
        let store = try office.store()
        guard let name = try? StoredName(provider.storedName) else { throw AdminError(.unknownProvider) }
        try await office.audit(.keyStored, provider.id, call)
        let now = office.daemon.clock.now
        let known = try await office.daemon.errands.run { () throws(StoreFault) in
            let known = try store.list().first { $0.name == name }
            let secret = Loan.withBytes(of: key) { Secret(copying: $0) }
            try store.write(name, secret, at: now)
            try StoredMetadata.write(metadata, of: name.text, in: store, at: now)
            return known
        }
        let fingerprint = Loan.withBytes(of: key) { office.daemon.fingerprints.of(Secret(copying: $0)) }
        office.journal.event(
            .info,
            known == nil ? "a provider's key was stored" : "a provider's key was replaced",
            [
                "provider": provider.id, "fingerprint": fingerprint, "by": call.caller.name,
                "request_id": call.id.description,
            ]
        )
        await takeOver(provider, office)
        return (fingerprint, known)
    }

    /// The running gate lends what is stored now.
    private static func takeOver(_ provider: KnownProvider, _ office: AdminOffice) async {
        if provider.configured?.key?.isStored == true { await office.renewKeys() }
    }

    private static let reveal = AdminRoute(
        method: .get,
        path: "/credentials/{id}",
        access: .scoped(AdminTokens.readScope),
        summary: "a stored key itself",
        successes: [
            .init(
                status: 200,
                help: "the key, and what was written down beside it",
                shape: .object([
                    .must("api_key", .secret, "the key"), .must("metadata", .map(.anything), "with created_at"),
                ])
            )
        ],
        problems: [
            .insufficientScope, .revealingIsOff, .unknownProvider, .noKey, .storeLocked, .noStore, .storeUnreadable,
            .auditFailed, .overloaded,
        ],
        serve: { call throws(AdminError) in
            let office = call.office
            guard office.daemon.reveals else { throw AdminError(.revealingIsOff) }
            let provider = try office.provider(call.argument("id"))
            let store = try office.store()
            guard let name = try? StoredName(provider.storedName) else { throw AdminError(.unknownProvider) }
            try await office.audit(.keyRead, provider.id, call)
            typealias Found = (SecretHolder, JSONObject?, UnixTime?)
            let found = try await office.daemon.errands.run { () throws(StoreFault) -> Found? in
                guard let secret = try store.read(name) else { return nil }
                let created = try store.list().first { $0.name == name }?.created
                return (SecretHolder(secret), try StoredMetadata.read(of: name.text, in: store), created)
            }
            guard let (key, metadata, created) = found else { throw AdminError(.noKey) }
            office.journal.event(
                .warning,
                "a provider's key was read",
                ["provider": provider.id, "by": call.caller.name, "request_id": call.id.description]
            )
            var members = (metadata?.members ?? []).filter { !$0.name.hasSameBytes(as: "created_at") }
            members.append(.init(name: "created_at", value: created.map { .time($0) } ?? .null))
            // Byte by byte: text cannot be wiped.
            var bytes = Array("{\"api_key\":\"".utf8)
            bytes.reserveCapacity(32_768)
            Loan.withBytes(of: key) { key in
                for index in key.indices {
                    if key[index] == UInt8(ascii: "\"") || key[index] == UInt8(ascii: "\\") {
                        bytes.append(UInt8(ascii: "\\"))
                    }
                    bytes.append(key[index])
                }
            }
            bytes += Array("\",\"metadata\":".utf8)
            JSONWriter.append(.object(JSONObject(members: members)), to: &bytes)
            bytes.append(UInt8(ascii: "}"))
            return AdminAnswer(bytes: bytes)
        }
    )

    private static let remove = AdminRoute(
        method: .delete,
        path: "/credentials/{id}",
        access: .owner,
        summary: "forget a provider's key",
        successes: [
            .init(
                status: 200,
                help: "it is forgotten",
                shape: .object([.must("deleted", .truth, "true"), .must("message", .text(), "the same for people")])
            )
        ],
        problems: [
            .unknownProvider, .noKey, .storeLocked, .noStore, .storeUnreadable, .storeFailed, .auditFailed, .overloaded,
        ],
        serve: { call throws(AdminError) in
            let office = call.office
            let provider = try office.provider(call.argument("id"))
            let store = try office.store()
            guard let name = try? StoredName(provider.storedName) else { throw AdminError(.unknownProvider) }
            let now = office.daemon.clock.now
            try await office.audit(.keyRemoved, provider.id, call)
            let isRemoved = try await office.daemon.errands.run { () throws(StoreFault) in
                guard try store.remove(name) else { return false }
                try StoredMetadata.write(nil, of: name.text, in: store, at: now)
                return true
            }
            guard isRemoved else { throw AdminError(.noKey) }
            office.daemon.forgetTest(of: provider.id)
            office.journal.event(
                .info,
                "a provider's key was removed",
                ["provider": provider.id, "by": call.caller.name, "request_id": call.id.description]
            )
            await takeOver(provider, office)
            return AdminAnswer(.members(("deleted", .bool(true)), ("message", .string("deleted"))))
        }
    )

    private static let rotate = AdminRoute(
        method: .post,
        path: "/admin/rotate",
        access: .owner,
        summary: "seal all stored keys under a new key of the store's own; the providers' keys stay what they are",
        body: .object([]),
        isBodyOptional: true,
        successes: [
            .init(
                status: 200,
                help: "it is done",
                shape: .object([
                    .must("rotated", .whole(0...20_000), "how many entries were sealed anew"),
                    .must("generation", .whole(0...Int.max), "the number of the store's last change"),
                ])
            )
        ],
        problems: [
            .rotationRefused, .storeLocked, .noStore, .storeUnreadable, .storeFailed, .auditFailed, .overloaded,
        ],
        serve: { call throws(AdminError) in
            let office = call.office
            guard let store = try office.store() as? SealedFileStore else { throw AdminError(.rotationRefused) }
            try await office.audit(.storeRotated, "store", call)
            let now = office.daemon.clock.now
            let (count, generation) = try await office.daemon.errands.run { () throws(StoreFault) in
                let count = try store.list().count
                try store.rotateDataKey(at: now)
                return (count, try store.state().generation)
            }
            office.journal.event(
                .info,
                "the store of keys was sealed anew",
                ["entries": "\(count)", "by": call.caller.name, "request_id": call.id.description]
            )
            return AdminAnswer(.members(("rotated", .integer(count)), ("generation", .integer(generation))))
        }
    )
}
