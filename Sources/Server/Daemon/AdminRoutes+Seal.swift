import OstiaryCore
import OstiaryJournal
import OstiaryVault

// Closing the store of keys while the gate runs, and opening it again.
extension AdminRoutes {
    static let sealing: [AdminRoute] = [
        turn("seal", "forget every stored key, and read none until it is opened", .storeSealed, closes: true),
        turn("open", "read the stored keys again", .storeOpened, closes: false),
    ]

    private static func turn(
        _ verb: String,
        _ summary: String,
        _ action: AuditTrail.Action,
        closes: Bool
    ) -> AdminRoute {
        AdminRoute(
            method: .post,
            path: "/admin/\(verb)",
            access: .owner,
            summary: summary,
            body: .object([.may("dry_run", .truth, "tell whether it could be done, and do nothing")]),
            isBodyOptional: true,
            successes: [
                .init(
                    status: 200,
                    help: "it is done",
                    shape: .object([.must("sealed", .truth, "how the store is now")])
                )
            ],
            problems: [.notSealable, .storeLocked, .noStore, .storeUnreadable, .auditFailed, .overloaded],
            serve: { call throws(AdminError) in
                let office = call.office
                _ = try office.store()
                // What is in memory alone would be gone for good.
                guard office.rooms.storeKind != .memory else { throw AdminError(.notSealable) }
                let answer = AdminAnswer(.members(("sealed", .bool(closes))))
                if call.body["dry_run"]?.bool == true {
                    return AdminAnswer(.members(("sealed", .bool(office.seal.isClosed))))
                }
                try await office.audit(action, "store", call)
                if closes { office.seal.close() } else { office.seal.open() }
                guard let report = await office.renewKeys(), report.isGood else {
                    // The rooms in use are those of before.
                    if closes { office.seal.open() } else { office.seal.close() }
                    throw AdminError(.storeUnreadable, "the gate's log says why")
                }
                office.daemon.sight.value = nil
                office.journal.event(
                    .warning,
                    closes ? "the store of keys was sealed" : "the store of keys was opened",
                    ["by": call.caller.name, "request_id": call.id.description]
                )
                return answer
            }
        )
    }
}
