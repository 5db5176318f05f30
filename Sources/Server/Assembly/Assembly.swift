import NIOCore
import OstiaryCore
import OstiaryIdentity
import OstiaryJournal
import OstiaryModels
import OstiaryVault
import OstiaryWire

/// Puts a gate together: the rooms as the configuration wants them, the workers, the doors.
struct Assembly {
    var configuration: Configuration
    let mode: Configuration.Mode
    let environment: [String: String]
    let clock: any GateClock
    let sink: any LogSink
    let trust: Trust
    /// The memory that bodies may take until their model is known.
    var held = HeldBodies()
    /// Reads the configuration again, as it was read for this start.
    var reader: Configuration.Reader?
    /// Whether another process is there that this one is to take the place of.
    var overlap = false
    /// Where the configuration is read from, for a proxy that reads the same; `nil` where there is none to be started.
    var source: Configuration.Source?
    /// Secrets that were handed to the process, by the variables' names that the configuration has for them.
    var handed: [String: SecretHolder] = [:]

    /// Seconds between two looks whether the other process has left.
    private static let glance = 0.1
    /// Who knows the addresses of providers and key sets.
    var book = AddressBook()

    func open() async throws(Running.Failure) -> Gate {
        try configuration.checkDoors(mode)
        let count = configuration.listen.workers ?? System.coreCount
        let dialCounters = DialCounters()
        let style = LogStyle(format: configuration.journal.format, level: configuration.journal.least)
        let (journal, log) = try openJournal(style, loops: max(1, count))
        guard let crew = try? Crew(count: count, clock: clock, trust: trust, counters: dialCounters) else {
            log.close()
            throw .other("the system gives no threads or descriptors for the workers")
        }
        do throws(Running.Failure) {
            journal.event(.info, "the gate starts", ["version": Version.current, "workers": "\(crew.count)"])
            journal.add(dialCounters.instruments)
            await startCrew(crew)
            var settled = self
            settled.configuration = await probed(crew, journal)
            return try await settled.open(crew, journal, log, style)
        } catch {
            await crew.stop()
            log.close()
            throw error
        }
    }

    private func open(
        _ crew: Crew,
        _ journal: Journal,
        _ log: LogWriter,
        _ style: LogStyle
    ) async throws(Running.Failure) -> Gate {
        let keySetPlace = try await openKeySetDoor(crew)
        let variables = Variables(environment)
        for (name, holder) in handed { Loan.withBytes(of: holder) { variables.kept.keep(name, value: $0) } }
        let site = Furnishing.Site(
            mode: mode,
            variables: variables,
            clock: clock,
            crew: crew,
            mint: keySetPlace?.mint,
            held: held,
            book: book,
            journal: journal,
            lending: LendingEngine(clock: clock, notice: { journal.tell($0) })
        )
        var furnishing = Furnishing(site, configuration)
        let rooms = try furnishing.rooms()
        variables.setAside(configuration.secretVariables)
        for remark in furnishing.remarks { journal.warn(remark) }
        journal.show(rooms.instruments)
        let house = House(rooms)
        let floors = try await openFloors(house, crew)

        // Keys first, so that a gate that can have them is ready when it listens; a failure is no reason to stop.
        async let missing = rooms.vault.prime()
        _ = await rooms.verifier.prime()
        _ = await rooms.workloads?.prime()
        journal.tell(missing: await missing)
        let desk = ReloadDesk()
        let daemon = try Daemon.open(configuration, site, hasStore: rooms.store != nil)
        journal.add(daemon.instruments)
        let proxy = ProxyDesk(source: source, environment: variables.plain, clock: clock, journal: journal)
        journal.add(proxy.instruments)
        let office = AdminOffice(
            house: house,
            mint: keySetPlace?.mint,
            daemon: daemon,
            proxy: proxy,
            seal: site.seal,
            owner: site.owner,
            desk: desk
        )
        let services = services(house, floors, office)
        let entrances = try await Entrances.open(configuration, crew, services, overlap: overlap)
        journal.add(entrances.instruments + book.instruments)
        tell(journal, entrances)
        let reloading = Reloading(site, house, floors, entrances, style, read: reader ?? { _ in configuration })
        journal.add(reloading.instruments)
        desk.open(reloading)
        return Gate(
            house: house,
            entrances: entrances,
            reloading: reloading,
            desk: desk,
            proxy: proxy,
            mint: keySetPlace?.mint,
            keySetListener: keySetPlace?.listener,
            crew: crew,
            log: log,
            upkeep: upkeep(journal, house, entrances) + [watch(proxy, house)]
        )
    }

    /// The configuration with what servers of an unknown kind say that they speak.
    private func probed(_ crew: Crew, _ journal: Journal) async -> Configuration {
        let (settled, unknown) = await Probing(crew, book).settle(configuration)
        for name in unknown { journal.warn(.saysNothing(name)) }
        return settled
    }

    private func openJournal(_ style: LogStyle, loops: Int) throws(Running.Failure) -> (Journal, LogWriter) {
        do {
            let writer = try LogWriter(sink: sink) { [clock] dropped in
                RequestLog.notice(style.format, clock: clock)(dropped)
            }
            let journal = Journal(
                log: RequestLog(style: style, writer: writer),
                metrics: Metrics(loops: loops, version: Version.current),
                percentiles: LivePercentiles(loops: loops, at: clock.monotonic),
                clock: clock
            )
            return (journal, writer)
        } catch {
            throw .other("\(error)")
        }
    }

    private func openFloors(_ house: House, _ crew: Crew) async throws(Running.Failure) -> PerLoop<Floor> {
        do {
            return try await PerLoop(crew) { Floor(house, $0) }
        } catch {
            throw .other("the event loops are gone")
        }
    }

    /// What stands behind the doors, on each loop.
    private func services(
        _ house: House,
        _ floors: PerLoop<Floor>,
        _ office: AdminOffice
    ) -> Entrances.Services {
        let isDevelopment = mode == .development
        return Entrances.Services(
            publicDoor: { door, worker in
                let floor = floors[worker] ?? Floor(house, worker)
                return PublicDoor(floor: floor, worker: worker, door: door, isDevelopment: isDevelopment)
            },
            adminDoor: { isSocket, _ in AdminDoor(office: office, isSocket: isSocket) },
            clock: clock,
            tlsNotice: { [journal = house.current.journal] notice in journal.tell(notice) }
        )
    }

    /// Says where the doors ended up.
    private func tell(_ journal: Journal, _ entrances: Entrances) {
        func bound(_ address: Configuration.Address, _ port: Int?) -> String {
            "\(Configuration.Address(host: address.host, port: port.flatMap { UInt16(exactly: $0) } ?? address.port))"
        }
        journal.event(
            .info,
            "the doors are open",
            [
                "listen": configuration.listen.plainAddress.map { bound($0, entrances.publicPort) } ?? "",
                "tls": configuration.listen.tls.address.map { bound($0, entrances.securePort) } ?? "",
                "admin": bound(configuration.admin.address, entrances.adminPort),
                "socket": configuration.admin.socket ?? "",
            ]
        )
        if entrances.adminPort == nil {
            journal.event(.info, "another process has the admin door's address; it is taken when that one leaves it")
        }
    }

    private func startCrew(_ crew: Crew) async {
        // Fails only when the loops are gone, and then nothing can be served anyway.
        try? await crew.start()
    }

    /// Gives the proxy other keys as this gate gets them.
    private func watch(_ proxy: ProxyDesk, _ house: House) -> Task<Void, Never> {
        Task.detached { [clock] in
            while (try? await clock.sleep(seconds: ProxyDesk.glance)) != nil {
                let rooms = house.current
                await proxy.renew { rooms.vault.holder(of: $0) ?? stored($0, in: rooms.store) }
            }
        }
    }

    /// The stored key of a provider that the configuration does not name. Waits for the store, on no loop.
    private func stored(_ name: String, in store: (any Store)?) -> SecretHolder? {
        guard let store, let name = try? StoredName(name) else { return nil }
        do throws(StoreFault) {
            switch try store.read(name) {
            case .some(let secret): return SecretHolder(secret)
            case .none: return nil
            }
        } catch {
            return nil
        }
    }

    /// What goes on beside the requests for as long as the gate is open.
    private func upkeep(_ journal: Journal, _ house: House, _ entrances: Entrances) -> [Task<Void, Never>] {
        var tasks = [
            Task { [clock] in
                while (try? await clock.sleep(seconds: 10)) != nil { journal.rotate() }
            },
            // On no loop: it reads and writes files.
            Task.detached { [clock] in
                while (try? await clock.sleep(seconds: WatchedKeys.glance)) != nil {
                    house.current.revocations?.refresh(journal)
                    guard let keys = house.current.keys else { continue }
                    keys.refresh(journal)
                    keys.note(journal, at: clock.monotonic)
                }
            },
            // On no loop: it reads files.
            Task.detached { [clock] in
                while (try? await clock.sleep(seconds: 10)) != nil { entrances.refreshTLS() }
            },
        ]
        if entrances.adminPort == nil {
            tasks.append(
                Task { [clock] in
                    repeat {
                        // As it is now: a reload may have moved it.
                        let address = house.current.generation.configuration.admin.address
                        if await entrances.openAdminDoor(at: address) { break }
                    } while (try? await clock.sleep(seconds: Self.glance)) != nil
                    guard !Task.isCancelled, entrances.adminPort != nil else { return }
                    journal.event(.info, "the admin door is this process's now")
                }
            )
        }
        if mode == .development {
            tasks.append(
                Task { [clock] in
                    repeat {
                        journal.event(.warning, "development mode: the gate is its own issuer")
                    } while (try? await clock.sleep(seconds: 60)) != nil
                }
            )
        }
        return tasks
    }
}

extension Configuration {
    /// What `Checks` says of a configuration that was read; one that was made in code must keep to it too (SEC-004).
    func checkDoors(_ mode: Mode) throws(Running.Failure) {
        guard !listen.addresses.isEmpty || daemon.isAlone else { throw .other("listen: there is no address") }
        for address in listen.addresses where mode == .development && !address.isLoopback {
            throw .other("development mode listens on loopback only, not on \(address)")
        }
        guard admin.address.isLoopback else {
            throw .other("the admin door listens on loopback only, not on \(admin.address)")
        }
    }
}
