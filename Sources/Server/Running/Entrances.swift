import OstiaryCore
import OstiaryWire
import Synchronization

/// The sockets of both doors: where they stand now, and how a reload moves them. The public door may stand at two
/// addresses, one of them with TLS.
///
/// A door that moves is opened at its new address first. Only when the whole reload is good does the old address close;
/// answers under way there go on to their end.
final class Entrances: Sendable {
    /// What stands behind the doors.
    struct Services: Sendable {
        let publicDoor: @Sendable (Door, Worker) -> any EdgeService
        let adminDoor: @Sendable (_ isSocket: Bool, Worker) -> any EdgeService
        let clock: any GateClock
        /// Told of what happens to the public door's TLS.
        let tlsNotice: @Sendable (TLSNotice) -> Void
    }

    /// One socket and the door whose connections come in by it.
    struct Entrance: Sendable {
        let listener: Listener
        let door: Door
        var tls: ServerTLS?
    }

    /// What becomes of one of the public door's addresses.
    fileprivate enum Step: Sendable {
        case stays
        case moves(Entrance)
        case closes
    }

    /// New sockets, open already, and what they take the place of.
    struct Move: Sendable {
        fileprivate var plain = Step.stays
        fileprivate var secure = Step.stays
        /// Other files and versions for the TLS that stays where it is.
        fileprivate var tls: ServerTLS.Change?
        fileprivate var adminEntrance: Entrance?
        fileprivate var socket: Listener?
        fileprivate var dropsSocket = false
        /// What the operator should know.
        fileprivate(set) var remarks: [Remark] = []

        fileprivate var opened: [Entrance] {
            [plain, secure].compactMap { if case .moves(let entrance) = $0 { entrance } else { nil } }
                + (adminEntrance.map { [$0] } ?? [])
        }
    }

    /// Sockets that have been left.
    struct Left: Sendable {
        fileprivate var entrances: [Entrance] = []
        fileprivate var socket: Listener?
    }

    private struct State {
        /// The public door without TLS.
        var plain: Entrance?
        /// The public door with TLS.
        var secure: Entrance?
        /// Missing while another process is there that this one is to take the place of.
        var adminEntrance: Entrance?
        var adminDoor: Door
        var socket: Listener?
        var isClosed = false
        /// Left by moves, while answers are still under way there.
        var left: [Entrance] = []

        /// The public door, wherever it stands.
        var publicEntrances: [Entrance] { [plain, secure].compactMap { $0 } }
    }

    private let crew: Crew
    private let services: Services
    /// Keeps the books of the public door, wherever it stands.
    private let publicDoor: Door
    private let state: Mutex<State>

    private init(_ crew: Crew, _ services: Services, _ publicDoor: Door, _ state: State) {
        self.crew = crew
        self.services = services
        self.publicDoor = publicDoor
        self.state = Mutex(state)
    }

    /// Opens both doors.
    /// - Parameter overlap: whether a process is there already that this one is to take the place of. New connections to
    ///   the public door come here, the admin door's socket file becomes this one's, and the admin door's address follows
    ///   when the other has left it (`openAdminDoor`).
    static func open(
        _ configuration: Configuration,
        _ crew: Crew,
        _ services: Services,
        overlap: Bool
    ) async throws(Running.Failure) -> Entrances {
        let opening = Opening(crew: crew, services: services)
        let publicDoor = Door(limits: configuration.listen.limits.edge)
        let adminDoor = Door(limits: EdgeLimits())
        var state = State(adminDoor: adminDoor)
        do throws(Running.Failure) {
            if let address = configuration.listen.plainAddress {
                let door = Door(movedFrom: publicDoor)
                state.plain = try await opening.publicEntrance(address, door, overlap: overlap)
            }
            if let address = configuration.listen.tls.address, let settings = configuration.listen.tls.settings {
                let change = try change(to: settings)
                for warning in change.warnings { services.tlsNotice(.warning(warning)) }
                let door = Door(movedFrom: publicDoor)
                state.secure = try await opening.secureEntrance(address, door, change, overlap: overlap)
            }
            do throws(Running.Failure) {
                state.adminEntrance = try await opening.adminEntrance(configuration.admin.address, adminDoor)
            } catch {
                guard overlap, case .inUse = error else { throw error }
            }
            if let path = configuration.admin.socket {
                state.socket = try await opening.socket(path, adminDoor, overlap: overlap)
            }
            return Entrances(crew, services, publicDoor, state)
        } catch {
            for entrance in state.publicEntrances { await entrance.listener.stopAccepting() }
            await state.adminEntrance?.listener.stopAccepting()
            throw error
        }
    }

    private static func change(to settings: TLSSettings) throws(Running.Failure) -> ServerTLS.Change {
        do throws(TLSFault) {
            return try ServerTLS.Change(to: settings)
        } catch {
            throw .other("listen.tls: \(error)")
        }
    }

    // MARK: Where they stand

    /// `nil` where the public door has TLS only.
    var publicPort: Int? { state.withLock { $0.plain?.listener.port } }
    /// `nil` where the public door has no TLS.
    var securePort: Int? { state.withLock { $0.secure?.listener.port } }
    /// `nil` while another process is there.
    var adminPort: Int? { state.withLock { $0.adminEntrance?.listener.port } }
    var instruments: [Instrument] {
        publicDoor.instruments(door: "public") + publicDoor.secureInstruments(door: "public")
            + state.withLock { $0.adminDoor.instruments(door: "admin") }
    }

    /// Looks whether the certificate's files have changed. It waits for the disk, so it is not for a loop.
    func refreshTLS() {
        state.withLock { $0.secure?.tls }?.refresh()
    }

    /// Opens the admin door if another process has left its address.
    /// - Returns: whether it is open, or need not be any more.
    func openAdminDoor(at address: Configuration.Address) async -> Bool {
        let door: Door? = state.withLock { state in
            state.adminEntrance == nil && !state.isClosed ? state.adminDoor : nil
        }
        guard let door else { return true }
        let opening = Opening(crew: crew, services: services)
        guard let entrance = try? await opening.adminEntrance(address, door) else { return false }
        let isWanted = state.withLock { state in
            guard state.adminEntrance == nil, !state.isClosed else { return false }
            state.adminEntrance = entrance
            return true
        }
        if !isWanted { await entrance.listener.stopAccepting() }
        return true
    }

    // MARK: Moving

    /// Opens what stands elsewhere in `next`. Nothing is closed and nobody is sent away yet.
    func prepare(
        from configuration: Configuration,
        to next: Configuration
    ) async throws(Running.Failure) -> Move {
        let opening = Opening(crew: crew, services: services)
        let adminDoor = state.withLock { $0.adminDoor }
        var move = Move()
        do throws(Running.Failure) {
            let plain = configuration.listen.plainAddress
            if next.listen.plainAddress != plain {
                move.plain = .closes
                if let address = next.listen.plainAddress {
                    let door = Door(movedFrom: publicDoor)
                    let overlap = plain.map(address.meets) ?? false
                    move.plain = .moves(try await opening.publicEntrance(address, door, overlap: overlap))
                }
            }
            try await prepareTLS(from: configuration.listen.tls, to: next.listen.tls, opening, &move)
            if next.admin.address != configuration.admin.address {
                move.adminEntrance = try await opening.adminEntrance(
                    next.admin.address,
                    Door(movedFrom: adminDoor),
                    overlap: next.admin.address.meets(configuration.admin.address)
                )
            }
            if next.admin.socket != configuration.admin.socket {
                move.dropsSocket = true
                if let path = next.admin.socket { move.socket = try await opening.socket(path, adminDoor) }
            }
            return move
        } catch {
            await abandon(move)
            throw error
        }
    }

    private func prepareTLS(
        from tls: Configuration.DoorTLS,
        to next: Configuration.DoorTLS,
        _ opening: Opening,
        _ move: inout Move
    ) async throws(Running.Failure) {
        guard let address = next.address, let settings = next.settings else {
            if tls.address != nil { move.secure = .closes }
            return
        }
        guard address != tls.address || settings != tls.settings else { return }
        let change = try Self.change(to: settings)
        move.remarks += change.warnings.map { Remark("a certificate's file", ["about": "\($0)"]) }
        guard address != tls.address else { return move.tls = change }
        let door = Door(movedFrom: publicDoor)
        let overlap = tls.address.map(address.meets) ?? false
        move.secure = .moves(try await opening.secureEntrance(address, door, change, overlap: overlap))
    }

    /// Closes again what `prepare` opened.
    func abandon(_ move: Move) async {
        for entrance in move.opened { await entrance.listener.stopAccepting() }
        await move.socket?.stopAccepting()
        for entrance in move.opened { entrance.listener.cut() }
    }

    /// Makes the move, and puts the limits of `next` in force.
    /// - Parameter isAllowed: asked under the lock that shutting down takes too; nothing happens when it says no.
    func make(_ move: Move, to next: Configuration, if isAllowed: () -> Bool) -> Left? {
        state.withLock { state in
            guard isAllowed() else { return nil }
            var left = Left()
            if let before = Self.take(move.plain, &state.plain) { left.entrances.append(before) }
            if let before = Self.take(move.secure, &state.secure) { left.entrances.append(before) }
            if let change = move.tls { state.secure?.tls?.apply(change) }
            if let entrance = move.adminEntrance {
                if let before = state.adminEntrance { left.entrances.append(before) }
                state.adminEntrance = entrance
                state.adminDoor = entrance.door
            }
            if move.dropsSocket {
                left.socket = state.socket
                state.socket = move.socket
            }
            state.left.removeAll { $0.door.ownConnections == 0 }
            state.left += left.entrances
            publicDoor.change(to: next.listen.limits.edge)
            return left
        }
    }

    /// Takes one step; returns what is left by it.
    private static func take(_ step: Step, _ entrance: inout Entrance?) -> Entrance? {
        let former = entrance
        switch step {
        case .stays: return nil
        case .moves(let next): entrance = next
        case .closes: entrance = nil
        }
        return former
    }

    /// Closes what was left; answers under way there go on, and idle connections have the time of a farewell to be told.
    func leave(_ left: Left, clock: any GateClock) async {
        await left.socket?.stopAccepting()
        for entrance in left.entrances {
            entrance.listener.announceEnd()
            await entrance.listener.stopAccepting()
        }
        guard !left.entrances.isEmpty else { return }
        Task.detached {
            try? await clock.sleep(seconds: Shutdown.farewell)
            for entrance in left.entrances { entrance.listener.drain() }
        }
    }

    // MARK: Going down

    /// Tells clients of the public door to look elsewhere: no connection outlives its next exchange.
    /// - Parameter begin: called under the lock of `make`, so that no move is made afterwards.
    func announceEnd(_ begin: () -> Void) {
        let listeners = state.withLock { state in
            begin()
            return state.publicEntrances.map(\.listener)
        }
        for listener in listeners { listener.announceEnd() }
    }

    /// No new connections at the addresses of either door from here on. The admin door's socket file stays to the end,
    /// unless it has become another process's.
    func stopAccepting() async {
        let listeners = state.withLock { state in
            state.isClosed = true
            return (state.publicEntrances + [state.adminEntrance].compactMap { $0 }).map(\.listener)
        }
        for listener in listeners { await listener.stopAccepting() }
    }

    /// Closes the public door's idle connections.
    func closeIdle() {
        let listeners = state.withLock { state in (state.publicEntrances + state.left).map(\.listener) }
        for listener in listeners { listener.drain() }
    }

    /// Connections at the public door, wherever they came in.
    var connections: Int { publicDoor.openConnections }

    /// Cuts what is still in flight at the public door.
    func cut() {
        let listeners = state.withLock { state in (state.publicEntrances + state.left).map(\.listener) }
        for listener in listeners { listener.cut() }
    }

    /// Closes every socket.
    func close() async {
        await stopAccepting()
        await state.withLock { $0.socket }?.stopAccepting()
    }
}
