import NIOCore
import OstiaryWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Opens the sockets of doors, with what can go wrong said in words.
struct Opening {
    let crew: Crew
    let services: Entrances.Services

    func publicEntrance(
        _ address: Configuration.Address,
        _ door: Door,
        overlap: Bool
    ) async throws(Running.Failure) -> Entrances.Entrance {
        let listener = try await Self.listen(on: address, door, crew, overlap: overlap) { [services] worker in
            services.publicDoor(door, worker)
        }
        return Entrances.Entrance(listener: listener, door: door)
    }

    func secureEntrance(
        _ address: Configuration.Address,
        _ door: Door,
        _ first: ServerTLS.Change,
        overlap: Bool
    ) async throws(Running.Failure) -> Entrances.Entrance {
        let tls = ServerTLS(first, door: door, clock: services.clock, notice: services.tlsNotice)
        let listener = try await Self.listen(on: address, door, crew, overlap: overlap, tls: tls) { [services] worker in
            services.publicDoor(door, worker)
        }
        return Entrances.Entrance(listener: listener, door: door, tls: tls)
    }

    func adminEntrance(
        _ address: Configuration.Address,
        _ door: Door,
        overlap: Bool = false
    ) async throws(Running.Failure) -> Entrances.Entrance {
        let listener = try await Self.listen(on: address, door, crew, overlap: overlap) { [services] worker in
            services.adminDoor(false, worker)
        }
        return Entrances.Entrance(listener: listener, door: door)
    }

    func socket(_ path: String, _ door: Door, overlap: Bool = false) async throws(Running.Failure) -> Listener {
        // Who may write to the file may use the door. The mask is the whole process's, and nothing else makes files
        // while the gate runs; setting the mode afterwards would leave a moment with the door open.
        let mask = umask(0o177)
        defer { umask(mask) }
        do {
            return try await Listener.open(.unixSocket(path: path), door: door, crew: crew, overlap: overlap) {
                [services] in services.adminDoor(true, $0)
            }
        } catch let error as IOError where error.errnoCode == EADDRINUSE {
            throw .other("the admin socket is in use by another program: \(path)")
        } catch {
            throw .other("the admin socket cannot be opened: \(path)")
        }
    }

    static func listen(
        on address: Configuration.Address,
        _ door: Door,
        _ crew: Crew,
        overlap: Bool = false,
        tls: ServerTLS? = nil,
        _ make: @escaping @Sendable (Worker) -> any EdgeService
    ) async throws(Running.Failure) -> Listener {
        do {
            return try await Listener.open(
                .address(host: address.host, port: Int(address.port)),
                door: door,
                crew: crew,
                overlap: overlap,
                tls: tls,
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
