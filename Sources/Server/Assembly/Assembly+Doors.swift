import NIOCore
import OstiaryCharter
import OstiaryCore
import OstiaryIdentity
import OstiaryWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

// The doors: where the gate listens, and what stands behind.
extension Assembly {
    /// Development mode's issuer needs its own address before it can name itself in tokens.
    func openKeySetDoor(
        _ crew: Crew
    ) async throws(Running.Failure) -> (mint: DevelopmentMint, listener: Listener)? {
        guard mode == .development else { return nil }
        let document = Later<[UInt8]>([])
        let listener = try await listen(
            on: Configuration.Address(host: "127.0.0.1", port: 0),
            Door(limits: EdgeLimits()),
            crew
        ) { _ in KeySetDoor { document.value } }
        let scopes = Set((configuration.scopes.first?.scopes ?? Charter.defaultScopes).values.flatMap(\.names))
        let mint = DevelopmentMint(origin: "http://127.0.0.1:\(listener.port ?? 0)", scopes: scopes.sorted())
        document.value = mint.issuer.keySetDocument
        return (mint, listener)
    }

    func openAdminDoors(
        _ rooms: Rooms,
        _ mint: DevelopmentMint?,
        _ door: Door,
        beside publicDoor: Door,
        _ crew: Crew
    ) async throws(Running.Failure) -> [Listener] {
        let network = try await listen(on: configuration.admin.address, door, crew) { _ in
            AdminDoor(rooms: rooms, mint: mint, publicDoor: publicDoor, isSocket: false)
        }
        guard let path = configuration.admin.socket else { return [network] }
        // Who may write to the file may use the door. The mask is the whole process's, and nothing else makes files
        // while the gate starts; setting the mode afterwards would leave a moment with the door open.
        let mask = umask(0o177)
        defer { umask(mask) }
        do {
            let socket = try await Listener.open(.unixSocket(path: path), door: door, crew: crew) { _ in
                AdminDoor(rooms: rooms, mint: mint, publicDoor: publicDoor, isSocket: true)
            }
            return [network, socket]
        } catch {
            throw .other("the admin socket cannot be opened: \(path)")
        }
    }

    func listen(
        on address: Configuration.Address,
        _ door: Door,
        _ crew: Crew,
        _ make: @escaping @Sendable (Worker) -> any EdgeService
    ) async throws(Running.Failure) -> Listener {
        do {
            return try await Listener.open(
                .address(host: address.host, port: Int(address.port)),
                door: door,
                crew: crew,
                service: make
            )
        } catch let error as IOError where error.errnoCode == EADDRINUSE {
            throw .inUse(address)
        } catch let error as IOError where error.errnoCode == EACCES || error.errnoCode == EPERM {
            throw .notPermitted(address)
        } catch {
            throw .other("cannot listen on \(address): \(error)")
        }
    }
}
