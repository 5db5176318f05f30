public import OstiaryCore
public import OstiaryJournal
public import OstiaryWire
import Synchronization

/// The whole gate, put together from its configuration: rooms, workers, doors.
public final class Gate: Sendable {
    let house: House
    let entrances: Entrances
    let reloading: Reloading
    let mint: DevelopmentMint?
    private let desk: ReloadDesk
    private let proxy: ProxyDesk
    private let crew: Crew
    private let log: LogWriter
    private let keySetListener: Listener?
    private let upkeep: [Task<Void, Never>]
    private let isClosed = Atomic<Bool>(false)

    /// Reads the keys, opens the doors and returns when the gate can be asked.
    /// - Parameters:
    ///   - environment: where `env:` references are looked up.
    ///   - sink: where log lines go.
    ///   - trust: whom TLS to providers believes.
    ///   - reader: reads the configuration again for a reload; without one a reload finds the same.
    ///   - overlap: whether another process is there that this one is to take the place of.
    ///   - source: where a proxy that the admin door starts reads its configuration; without one there is none.
    /// - Throws: `Running.Failure`, with a sentence for the operator.
    public static func open(
        _ configuration: Configuration,
        mode: Configuration.Mode,
        environment: [String: String],
        clock: any GateClock = SystemClock(),
        sink: any LogSink,
        trust: Trust = Trust(),
        reader: Configuration.Reader? = nil,
        overlap: Bool = false,
        source: Configuration.Source? = nil,
        handed: [String: SecretHolder] = [:]
    ) async throws(Running.Failure) -> Gate {
        try await Assembly(
            configuration: configuration,
            mode: mode,
            environment: environment,
            clock: clock,
            sink: sink,
            trust: trust,
            reader: reader,
            overlap: overlap,
            source: source,
            handed: handed
        ).open()
    }

    init(
        house: House,
        entrances: Entrances,
        reloading: Reloading,
        desk: ReloadDesk,
        proxy: ProxyDesk,
        mint: DevelopmentMint?,
        keySetListener: Listener?,
        crew: Crew,
        log: LogWriter,
        upkeep: [Task<Void, Never>]
    ) {
        self.house = house
        self.entrances = entrances
        self.reloading = reloading
        self.desk = desk
        self.proxy = proxy
        self.mint = mint
        self.keySetListener = keySetListener
        self.crew = crew
        self.log = log
        self.upkeep = upkeep
    }

    /// The rooms in use.
    var rooms: Rooms { house.current }
    /// The configuration in force.
    var configuration: Configuration { rooms.generation.configuration }

    /// The public door's port, as bound.
    public var port: Int { entrances.publicPort ?? 0 }
    /// The public door's port with TLS, as bound; 0 for none.
    public var securePort: Int { entrances.securePort ?? 0 }
    /// The admin door's port, as bound; 0 while another process has it.
    public var adminPort: Int { entrances.adminPort ?? 0 }

    /// Looks at all deadlines now; for tests whose clock moves by hand.
    func checkDeadlines() async throws {
        try await crew.checkDeadlines()
    }

    /// Says that the gate goes down; who comes is still served, and told not to come again. Nothing is reloaded from here
    /// on.
    func beginShutdown() async {
        entrances.announceEnd { house.beginClosing() }
    }

    /// No new connections from here on, but at the admin door's socket file.
    func stopAccepting() async {
        await entrances.stopAccepting()
    }

    /// Lets idle connections go; answers in flight go on.
    func closeIdle() {
        entrances.closeIdle()
    }

    /// Requests that are being answered now.
    var inFlight: Int { Int(rooms.journal.metrics.inFlight.current) }

    /// Whether any client is connected to the public door.
    var isConnected: Bool { entrances.connections > 0 }

    /// Cuts what is still in flight, so that no client takes its answer for complete.
    func cut() {
        entrances.cut()
    }

    /// Ends everything, once. The log is written out last.
    public func close() async {
        guard !isClosed.exchange(true, ordering: .relaxed) else { return }
        house.beginClosing()
        for task in upkeep { task.cancel() }
        reloading.stop()
        desk.close()
        _ = await proxy.stop()
        await entrances.close()
        await keySetListener?.stopAccepting()
        cut()
        await crew.stop()
        rooms.keys?.noteNow(rooms.journal)
        rooms.journal.event(.info, "the gate has ended")
        log.close()
    }
}
