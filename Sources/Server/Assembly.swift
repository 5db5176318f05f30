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

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

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
            models: try models(),
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

    // MARK: Rooms

    private func openJournal(_ loops: Int) throws(Running.Failure) -> (Journal, LogWriter) {
        let form = configuration.journal.log
        let format: RequestLog.Format = form == .json ? .json : .text
        do {
            let writer = try LogWriter(sink: sink, notice: RequestLog.notice(format, clock: clock))
            let level = LogLevel(name: configuration.journal.level.rawValue) ?? .info
            let journal = Journal(
                log: RequestLog(format: format, level: level, writer: writer),
                metrics: Metrics(loops: loops, version: Version.current),
                percentiles: LivePercentiles(loops: loops, at: clock.monotonic),
                clock: clock
            )
            return (journal, writer)
        } catch {
            throw .other("\(error)")
        }
    }

    private func openVault(_ journal: Journal) throws(Running.Failure) -> Vault {
        var references: [String: SourceReference] = [:]
        do {
            for provider in configuration.providers {
                if let key = provider.key { references[provider.name] = try SourceReference(key.description) }
            }
            let vault = try Vault(references, environment: environment)
            for warning in vault.warnings { journal.event(.warning, "a key's place", ["about": "\(warning)"]) }
            return vault
        } catch {
            throw .other("\(error)")
        }
    }

    /// Development mode's issuer needs its own address before it can name itself in tokens.
    private func openKeySetDoor(
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

    private func openIdentity(
        _ crew: Crew,
        _ mint: DevelopmentMint?,
        _ journal: Journal
    ) throws(Running.Failure) -> TokenVerifier {
        let fetcher = HTTPFetcher(crew: crew)
        var issuers: [TrustedIssuer] = []
        if let mint {
            var policy = TokenPolicy()
            policy.issuer = mint.issuer.issuer
            policy.audiences = [DevelopmentMint.audience]
            if let source = FetchedKeySet(url: mint.issuer.issuer + "/jwks.json", fetcher: fetcher) {
                issuers.append(TrustedIssuer(policy: policy, source: source))
            }
        }
        for issuer in configuration.identity.jwt {
            guard let source = issuer.source(fetcher) else {
                throw .other("identity.jwt: the key set's URL must be https, or http on loopback")
            }
            if issuer.audiences.isEmpty {
                // RFC 7519 section 4.1.3 wants a token with a foreign audience refused.
                journal.event(
                    .warning,
                    "no audiences are configured: tokens that the issuer made for others are believed too",
                    ["issuer": issuer.issuer ?? ""]
                )
            }
            issuers.append(TrustedIssuer(policy: issuer.policy, source: source))
        }
        do {
            return try TokenVerifier(
                issuers: issuers,
                pseudonymKey: try pseudonymKey(journal),
                clock: clock,
                notice: { notice in journal.tell(notice) }
            )
        } catch let failure as Running.Failure {
            throw failure
        } catch {
            throw .other("identity.jwt: \(error)")
        }
    }

    private func pseudonymKey(_ journal: Journal) throws(Running.Failure) -> SymmetricKey {
        guard let reference = configuration.identity.hashKey else {
            journal.event(
                .warning,
                "IDENTITY_HASH_KEY is not set: limits do not survive a restart and are not shared"
            )
            return SymmetricKey(size: .bits256)
        }
        do {
            return try HashKey.read(reference, environment: environment)
        } catch {
            throw .other("identity.hash_key: \(error)")
        }
    }

    private func charter() throws(Running.Failure) -> Charter {
        do {
            return try configuration.scopes.isEmpty ? Charter() : Charter(issuers: configuration.scopes)
        } catch {
            throw .other("identity.jwt.scopes: \(error)")
        }
    }

    private func purse() throws(Running.Failure) -> Purse {
        let limits = configuration.limits
        do {
            return Purse(
                limits: try Limits(
                    requestsPerMinute: limits.requestsPerMinute,
                    burst: limits.burst,
                    concurrent: limits.concurrent
                )
            )
        } catch {
            throw .other("\(error)")
        }
    }

    private func failureLimiter() throws(Running.Failure) -> FailureLimiter {
        do {
            return try FailureLimiter(perMinute: configuration.limits.failuresPerMinute)
        } catch {
            throw .other("\(error)")
        }
    }

    private func models() throws(Running.Failure) -> Models {
        var destinations: [String: Models.Destination] = [:]
        for provider in configuration.providers {
            destinations[provider.name] = try destination(provider)
        }
        do {
            let entries = configuration.models.map {
                ModelTable.Entry(key: $0.name, provider: $0.provider, upstreamName: $0.upstream)
            }
            let table = try ModelTable(entries, providers: configuration.providers.map(\.name))
            return Models(table: table, destinations: destinations, held: held, clock: clock)
        } catch {
            throw .other(error.faults.map(\.description).joined(separator: "\n"))
        }
    }

    private func destination(_ provider: Configuration.Provider) throws(Running.Failure) -> Models.Destination {
        guard let kind = ProviderKind(rawValue: provider.kind.rawValue) else {
            throw .other("providers.\(provider.name): unknown kind")
        }
        let traits = ProviderCatalogue.traits(of: kind)
        guard kind != .echo else { return .echo }
        guard let base = (provider.baseURL ?? traits.base).flatMap(Origin.init) else {
            throw .other("providers.\(provider.name).base_url is not an http or https URL")
        }
        var settings = DialSettings()
        settings.connectTime = provider.timeouts.connect
        settings.headTime = provider.timeouts.head
        return .http(HTTPProvider(name: provider.name, traits: traits, base: base, settings: settings))
    }

    // MARK: Doors

    private func openAdminDoors(
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

    private func listen(
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

    private func startCrew(_ crew: Crew) async {
        // Fails only when the loops are gone, and then nothing can be served anyway.
        try? await crew.start()
    }

    private func publishInstruments(of rooms: Rooms, _ door: Door, _ adminDoor: Door, _ dial: DialCounters) {
        rooms.journal.add(
            door.instruments(door: "public") + adminDoor.instruments(door: "admin") + dial.instruments
                + rooms.bearer.instruments + rooms.purse.instruments + rooms.failures.instruments
                + rooms.models.instruments + rooms.vault.instruments
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
