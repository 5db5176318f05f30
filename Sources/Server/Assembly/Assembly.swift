import Crypto
import NIOCore
import OstiaryCharter
import OstiaryCore
import OstiaryIdentity
import OstiaryJournal
import OstiaryModels
import OstiaryPurse
import OstiaryVault
import OstiaryWire

/// Builds a gate: each room from its part of the configuration, then the workers, then the doors.
struct Assembly {
    let configuration: Configuration
    let mode: Configuration.Mode
    let environment: [String: String]
    let clock: any GateClock
    let sink: any LogSink
    let trust: Trust
    /// The memory that bodies may take until their model is known.
    var held = HeldBodies()
    /// Who knows the addresses of providers and key sets.
    var book = AddressBook()

    func open() async throws(Running.Failure) -> Gate {
        try checkDoors()
        let count = configuration.listen.workers ?? System.coreCount
        let dialCounters = DialCounters()
        let (journal, log) = try openJournal(max(1, count))
        let crew = Crew(count: count, clock: clock, trust: trust, counters: dialCounters)
        do throws(Running.Failure) {
            return try await open(crew, dialCounters, journal, log)
        } catch {
            await crew.stop()
            log.close()
            throw error
        }
    }

    /// What `Checks` says of a configuration that was read; one that was made in code must keep to it too (SEC-004).
    private func checkDoors() throws(Running.Failure) {
        guard mode != .development || configuration.listen.address.isLoopback else {
            throw .other("development mode listens on loopback only, not on \(configuration.listen.address)")
        }
        guard configuration.admin.address.isLoopback else {
            throw .other("the admin door listens on loopback only, not on \(configuration.admin.address)")
        }
    }

    private func open(
        _ crew: Crew,
        _ dialCounters: DialCounters,
        _ journal: Journal,
        _ log: LogWriter
    ) async throws(Running.Failure) -> Gate {
        journal.event(.info, "the gate starts", ["version": Version.current, "workers": "\(crew.count)"])
        let vault = try openVault(journal)
        let keySetPlace = try await openKeySetDoor(crew)
        let verifier = try openIdentity(crew, keySetPlace?.mint, journal)
        let rooms = Rooms(
            clock: clock,
            verifier: verifier,
            bearer: BearerAuthenticator(verifier: verifier),
            failures: try failureLimiter(),
            charter: try charter(),
            purse: try purse(),
            models: try models(journal),
            vault: vault,
            journal: journal
        )
        let door = Door(limits: configuration.listen.limits.edge)
        let adminDoor = Door(limits: EdgeLimits())
        publishInstruments(of: rooms, door, adminDoor, dialCounters)

        await startCrew(crew)
        // Keys first, so that a gate that can have them is ready when it listens; a failure is no reason to stop.
        _ = await verifier.prime()
        let publicListener = try await listen(on: configuration.listen.address, door, crew) { [configuration, mode] in
            PublicDoor(
                rooms: rooms,
                worker: $0,
                door: door,
                origins: configuration.listen.origins,
                isDevelopment: mode == .development
            )
        }
        let adminListeners = try await openAdminDoors(rooms, keySetPlace?.mint, adminDoor, beside: door, crew)
        tell(journal, publicListener, adminListeners)
        return Gate(
            configuration: configuration,
            rooms: rooms,
            mint: keySetPlace?.mint,
            publicListener: publicListener,
            adminListeners: adminListeners,
            keySetListener: keySetPlace?.listener,
            crew: crew,
            log: log,
            upkeep: upkeep(rooms)
        )
    }

    /// Says where the doors ended up.
    private func tell(_ journal: Journal, _ publicListener: Listener, _ adminListeners: [Listener]) {
        func bound(_ address: Configuration.Address, _ listener: Listener?) -> String {
            "\(Configuration.Address(host: address.host, port: listener?.port.flatMap { UInt16(exactly: $0) } ?? 0))"
        }
        journal.event(
            .info,
            "the doors are open",
            [
                "listen": bound(configuration.listen.address, publicListener),
                "admin": bound(configuration.admin.address, adminListeners.first),
                "socket": configuration.admin.socket ?? "",
            ]
        )
    }

    private func startCrew(_ crew: Crew) async {
        // Fails only when the loops are gone, and then nothing can be served anyway.
        try? await crew.start()
    }

    private func publishInstruments(of rooms: Rooms, _ door: Door, _ adminDoor: Door, _ dial: DialCounters) {
        rooms.journal.add(
            door.instruments(door: "public") + adminDoor.instruments(door: "admin") + dial.instruments
                + rooms.bearer.instruments + rooms.purse.instruments + rooms.failures.instruments
                + rooms.models.instruments + rooms.vault.instruments + book.instruments
        )
    }

    /// What goes on beside the requests for as long as the gate is open.
    private func upkeep(_ rooms: Rooms) -> [Task<Void, Never>] {
        var tasks = [
            Task { await rooms.verifier.maintain() },
            Task { [clock] in
                while (try? await clock.sleep(seconds: 10)) != nil { rooms.journal.rotate() }
            },
        ]
        if mode == .development {
            tasks.append(
                Task { [clock] in
                    repeat {
                        rooms.journal.event(.warning, "development mode: the gate is its own issuer")
                    } while (try? await clock.sleep(seconds: 60)) != nil
                }
            )
        }
        return tasks
    }
}
