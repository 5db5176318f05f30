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
    private let desk: ReloadDesk

    init(house: House, mint: DevelopmentMint?, daemon: Daemon, proxy: ProxyDesk, desk: ReloadDesk) {
        self.house = house
        self.mint = mint
        self.daemon = daemon
        self.proxy = proxy
        self.desk = desk
    }

    var rooms: Rooms { house.current }
    var journal: Journal { rooms.journal }

    /// Reloads the configuration; `nil` while there is nobody who could.
    func reload(_ order: ReloadOrder) async -> ReloadReport? { await desk.reload(order) }

    /// Has the running gate read its keys anew, as the configuration in force names them.
    func renewKeys() async { _ = await desk.renewKeys() }

    /// The gate's store of keys.
    func store() throws(AdminError) -> any Store {
        guard let store = rooms.store else { throw AdminError(.noStore) }
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
