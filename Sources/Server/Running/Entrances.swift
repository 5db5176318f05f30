import OstiaryCore
import OstiaryWire
import Synchronization

/// The sockets of both doors: where they stand now, and how a reload moves them.
///
/// A door that moves is opened at its new address first. Only when the whole reload is good does the old address close;
/// answers under way there go on to their end.
final class Entrances: Sendable {
    /// What stands behind the doors.
    struct Services: Sendable {
        let publicDoor: @Sendable (Door, Worker) -> any EdgeService
        let adminDoor: @Sendable (_ isSocket: Bool, Worker) -> any EdgeService
    }

    /// One socket and the door whose connections come in by it.
    struct Entrance: Sendable {
        let listener: Listener
        let door: Door
    }

    /// New sockets, open already, and what they take the place of.
    struct Move: Sendable {
        fileprivate var publicEntrance: Entrance?
        fileprivate var adminEntrance: Entrance?
        fileprivate var socket: Listener?
        fileprivate var dropsSocket = false
    }

    /// Sockets that have been left.
    struct Left: Sendable {
        fileprivate var entrances: [Entrance] = []
        fileprivate var socket: Listener?
    }

    private struct State {
        var publicEntrance: Entrance
        /// Missing while another process is there that this one is to take the place of.
        var adminEntrance: Entrance?
        var adminDoor: Door
        var socket: Listener?
        var isClosed = false
        /// Left by moves, while answers are still under way there.
        var left: [Entrance] = []
    }

    private let crew: Crew
    private let services: Services
    private let state: Mutex<State>

    private init(_ crew: Crew, _ services: Services, _ state: State) {
        self.crew = crew
        self.services = services
        self.state = Mutex(state)
    }

    /// Opens both doors.
    /// - Parameter overlap: whether a process is there already that this one is to take the place of. Connections to the
    ///   public door are shared with it, the admin door's socket file becomes this one's, and the admin door's address
    ///   follows when the other has left it (`openAdminDoor`).
    static func open(
        _ configuration: Configuration,
        _ crew: Crew,
        _ services: Services,
        overlap: Bool
    ) async throws(Running.Failure) -> Entrances {
        let opening = Opening(crew: crew, services: services)
        let limits = configuration.listen.limits.edge
        let publicEntrance = try await opening.publicEntrance(
            configuration.listen.address,
            Door(limits: limits),
            overlap: overlap
        )
        let adminDoor = Door(limits: EdgeLimits())
        var state = State(publicEntrance: publicEntrance, adminDoor: adminDoor)
        do throws(Running.Failure) {
            do throws(Running.Failure) {
                state.adminEntrance = try await opening.adminEntrance(configuration.admin.address, adminDoor)
            } catch {
                guard overlap, case .inUse = error else { throw error }
            }
            if let path = configuration.admin.socket {
                state.socket = try await opening.socket(path, adminDoor, overlap: overlap)
            }
            return Entrances(crew, services, state)
        } catch {
            await publicEntrance.listener.stopAccepting()
            await state.adminEntrance?.listener.stopAccepting()
            throw error
        }
    }

    // MARK: Where they stand

    var publicPort: Int? { state.withLock { $0.publicEntrance.listener.port } }
    /// `nil` while another process is there.
    var adminPort: Int? { state.withLock { $0.adminEntrance?.listener.port } }
    var instruments: [Instrument] {
        state.withLock { state in
            state.publicEntrance.door.instruments(door: "public") + state.adminDoor.instruments(door: "admin")
        }
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
        let (publicDoor, adminDoor) = state.withLock { ($0.publicEntrance.door, $0.adminDoor) }
        var move = Move()
        do throws(Running.Failure) {
            if next.listen.address != configuration.listen.address {
                move.publicEntrance = try await opening.publicEntrance(
                    next.listen.address,
                    Door(movedFrom: publicDoor),
                    overlap: next.listen.address.meets(configuration.listen.address)
                )
            }
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

    /// Closes again what `prepare` opened.
    func abandon(_ move: Move) async {
        await move.publicEntrance?.listener.stopAccepting()
        await move.adminEntrance?.listener.stopAccepting()
        await move.socket?.stopAccepting()
        move.publicEntrance?.listener.cut()
        move.adminEntrance?.listener.cut()
    }

    /// Makes the move, and puts the limits of `next` in force.
    /// - Parameter isAllowed: asked under the lock that shutting down takes too; nothing happens when it says no.
    func make(_ move: Move, to next: Configuration, if isAllowed: () -> Bool) -> Left? {
        state.withLock { state in
            guard isAllowed() else { return nil }
            var left = Left()
            if let entrance = move.publicEntrance {
                left.entrances.append(state.publicEntrance)
                state.publicEntrance = entrance
            }
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
            state.publicEntrance.door.change(to: next.listen.limits.edge)
            return left
        }
    }

    /// Closes what was left; answers under way there go on.
    func leave(_ left: Left) async {
        for entrance in left.entrances {
            await entrance.listener.stopAccepting()
            entrance.listener.drain()
        }
        await left.socket?.stopAccepting()
    }

    // MARK: Going down

    /// Refuses new work at the public door; answers in flight go on.
    /// - Parameter begin: called under the lock of `make`, so that no move is made afterwards.
    func beginDraining(_ begin: () -> Void) {
        let listener = state.withLock { state in
            begin()
            return state.publicEntrance.listener
        }
        listener.drain()
    }

    /// No new connections at the addresses of either door from here on. The admin door's socket file stays to the end,
    /// unless it has become another process's.
    func stopAccepting() async {
        let listeners = state.withLock { state in
            state.isClosed = true
            return [state.publicEntrance.listener, state.adminEntrance?.listener]
        }
        for listener in listeners { await listener?.stopAccepting() }
    }

    /// Cuts what is still in flight at the public door.
    func cut() {
        let listeners = state.withLock { state in [state.publicEntrance.listener] + state.left.map(\.listener) }
        for listener in listeners { listener.cut() }
    }

    /// Closes every socket.
    func close() async {
        await stopAccepting()
        await state.withLock { $0.socket }?.stopAccepting()
    }
}
