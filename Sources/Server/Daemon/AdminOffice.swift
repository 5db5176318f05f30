import OstiaryCore
import OstiaryJournal
import OstiaryVault

/// What the calls of the admin door work with: the house and its rooms, and those who change them.
final class AdminOffice: Sendable {
    let house: House
    /// In development mode only.
    let mint: DevelopmentMint?
    let daemon: Daemon
    let proxy: ProxyDesk
    let seal: Seal
    let owner: OwnerMint
    private let desk: ReloadDesk

    init(
        house: House,
        mint: DevelopmentMint?,
        daemon: Daemon,
        proxy: ProxyDesk,
        seal: Seal,
        owner: OwnerMint,
        desk: ReloadDesk
    ) {
        self.house = house
        self.mint = mint
        self.daemon = daemon
        self.proxy = proxy
        self.seal = seal
        self.owner = owner
        self.desk = desk
    }

    var rooms: Rooms { house.current }
    var journal: Journal { rooms.journal }

    /// Reloads the configuration; `nil` while there is nobody who could.
    func reload(_ order: ReloadOrder) async -> ReloadReport? { await desk.reload(order) }

    /// Has the running gate read its keys anew, as the configuration in force names them.
    @discardableResult
    func renewKeys() async -> ReloadReport? { await desk.renewKeys() }

    /// Writes down what is about to be done.
    /// - Throws: where that cannot be; then it is not to be done.
    func audit(_ action: AuditTrail.Action, _ subject: String, _ call: AdminCall) async throws(AdminError) {
        guard let trail = daemon.trail else { return }
        let (by, request, now) = (call.caller.name, call.id.description, daemon.clock.now)
        do throws(AdminError) {
            try await daemon.errands.run { () throws(StoreFault) in
                try trail.append(action, subject, by: by, request: request, at: now)
            }
        } catch {
            guard error.code != "overloaded" else { throw error }
            journal.event(.error, "the audit trail cannot be written", ["reason": error.message])
            throw AdminError(.auditFailed)
        }
    }

    /// Says more, where `journal.trace` asks for it. Never anything of a key or a body.
    func trace(
        _ part: Configuration.Trace,
        _ sentence: StaticString,
        _ fields: @autoclosure () -> KeyValuePairs<StaticString, String>
    ) {
        guard rooms.generation.configuration.journal.trace.contains(part) else { return }
        journal.event(.info, sentence, fields())
    }

    /// The gate's store of keys.
    func store() throws(AdminError) -> any Store {
        guard let store = rooms.store else { throw AdminError(.noStore) }
        trace(.storage, "the store of keys is looked into", ["kind": rooms.storeKind.rawValue])
        return store
    }

    /// The provider of this name.
    func provider(_ id: String) throws(AdminError) -> KnownProvider {
        let all = KnownProvider.all(in: rooms.generation.configuration)
        guard let provider = all.first(where: { $0.id.hasSameBytes(as: id) }) else {
            throw AdminError(.unknownProvider)
        }
        return provider
    }
}
