import Crypto
import NIOCore
import OstiaryCharter
public import OstiaryCore
import OstiaryIdentity
public import OstiaryJournal
import OstiaryModels
import OstiaryPurse
import OstiaryVault
public import OstiaryWire
import Synchronization

/// The whole gate, put together from its configuration: rooms, workers, doors.
public final class Gate: Sendable {
    let configuration: Configuration
    let rooms: Rooms
    let mint: DevelopmentMint?
    let publicListener: Listener
    let adminListeners: [Listener]
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
    /// - Throws: `Running.Failure`, with a sentence for the operator.
    public static func open(
        _ configuration: Configuration,
        mode: Configuration.Mode,
        environment: [String: String],
        clock: any GateClock = SystemClock(),
        sink: any LogSink,
        trust: Trust = Trust()
    ) async throws(Running.Failure) -> Gate {
        try await Assembly(
            configuration: configuration,
            mode: mode,
            environment: environment,
            clock: clock,
            sink: sink,
            trust: trust
        ).open()
    }

    init(
        configuration: Configuration,
        rooms: Rooms,
        mint: DevelopmentMint?,
        publicListener: Listener,
        adminListeners: [Listener],
        keySetListener: Listener?,
        crew: Crew,
        log: LogWriter,
        upkeep: [Task<Void, Never>]
    ) {
        self.configuration = configuration
        self.rooms = rooms
        self.mint = mint
        self.publicListener = publicListener
        self.adminListeners = adminListeners
        self.keySetListener = keySetListener
        self.crew = crew
        self.log = log
        self.upkeep = upkeep
    }

    /// The public door's port, as bound.
    public var port: Int { publicListener.port ?? 0 }
    /// The admin door's port, as bound.
    public var adminPort: Int { adminListeners.first?.port ?? 0 }

    /// Looks at all deadlines now; for tests whose clock moves by hand.
    func checkDeadlines() async throws {
        try await crew.checkDeadlines()
    }

    /// Refuses new work and lets idle connections go; answers in flight go on.
    func beginShutdown() async {
        publicListener.drain()
    }

    /// No new connections from here on.
    func stopAccepting() async {
        await publicListener.stopAccepting()
    }

    /// Requests that are being answered now.
    var inFlight: Int { Int(rooms.journal.metrics.inFlight.current) }

    /// Cuts what is still in flight, so that no client takes its answer for complete.
    func cut() {
        publicListener.cut()
    }

    /// Ends everything, once. The log is written out last.
    public func close() async {
        guard !isClosed.exchange(true, ordering: .relaxed) else { return }
        for task in upkeep { task.cancel() }
        await publicListener.stopAccepting()
        for listener in adminListeners { await listener.stopAccepting() }
        await keySetListener?.stopAccepting()
        cut()
        await crew.stop()
        rooms.journal.event(.info, "the gate has ended")
        log.close()
    }
}
