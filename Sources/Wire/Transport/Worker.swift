import NIOCore
public import OstiaryCore

/// One event loop and all that lives on it: its connections, its upstream pools, its deadlines.
///
/// A request is read, decided, forwarded and answered on one worker and never changes thread. Everything here is
/// touched from the worker's loop alone.
public final class Worker {
    /// The position among the gate's workers, from 0; names per-loop tables.
    public let index: Int
    let loop: Loop
    public let clock: any GateClock
    public private(set) lazy var dialler = Dialler(worker: self)
    /// Whom TLS to providers believes.
    let trust: Trust
    let counters: DialCounters
    private var watched: [any Watched] = []
    private var timer: RepeatedTask?
    private var readAt: UInt64?
    private var moment = MonotonicTime(nanoseconds: 0)
    private var wallTime = UnixTime(seconds: 0)
    // Nothing while a composition uses it.
    fileprivate var scratch: ByteWriter? = ByteWriter(capacity: 4096)

    /// How often deadlines are looked at; a deadline fires at most this much late.
    static let tick = TimeAmount.milliseconds(100)

    init(index: Int, loop: Loop, clock: any GateClock, trust: Trust, counters: DialCounters) {
        self.index = index
        self.loop = loop
        self.clock = clock
        self.trust = trust
        self.counters = counters
    }

    /// The monotonic clock, read once for each event: what one event sets going happens at one moment.
    public var now: MonotonicTime {
        readClocks()
        return moment
    }

    /// The wall clock, read at the same moment.
    public var date: UnixTime {
        readClocks()
        return wallTime
    }

    private func readClocks() {
        // A loop that is turned by hand does not know when something comes from the test itself.
        guard readAt != loop.events || loop.isTurnedByHand else { return }
        readAt = loop.events
        moment = clock.monotonic
        wallTime = clock.now
    }

    /// Starts to look at deadlines; tests with a clock of their own call `checkDeadlines` themselves.
    public func start() {
        let confined = LoopConfined(self)
        timer = loop.scheduleRepeatedTask(initialDelay: Self.tick, delay: Self.tick) { _ in
            confined.value.checkDeadlines()
        }
    }

    public func stop() {
        timer?.cancel()
        timer = nil
    }

    /// Tells everything whose deadline has passed.
    public func checkDeadlines() {
        let now = clock.monotonic
        // From the end, as a connection that times out may leave the list at once.
        var index = watched.count - 1
        while index >= 0 {
            if index < watched.count, watched[index].deadline <= now { watched[index].deadlinePassed(now) }
            index -= 1
        }
    }

    func watch(_ connection: any Watched) {
        connection.watchIndex = watched.count
        watched.append(connection)
    }

    var watchedConnections: [any DoorConnection] { watched.compactMap { $0 as? any DoorConnection } }

    func unwatch(_ connection: any Watched) {
        let index = connection.watchIndex
        guard index >= 0, index < watched.count else { return }
        connection.watchIndex = -1
        let last = watched.removeLast()
        if last !== connection {
            watched[index] = last
            last.watchIndex = index
        }
    }

    /// Runs `operation` as a task that starts inline and stays on this loop.
    @discardableResult
    func run(_ operation: @escaping () async -> Void) -> Task<Void, Never> {
        loop.assertInEventLoop()
        let confined = LoopConfined(operation)
        return Task.immediate(executorPreference: loop) { await confined.value() }
    }
}

/// Something that must have happened by a deadline.
protocol Watched: AnyObject {
    /// The far future while there is nothing to wait for.
    var deadline: MonotonicTime { get }
    var watchIndex: Int { get set }
    func deadlinePassed(_ now: MonotonicTime)
}

extension MonotonicTime {
    static let never = MonotonicTime(nanoseconds: .max)
}

extension Worker {
    /// Composes bytes that are to be sent, in memory that the worker keeps for this.
    func compose(_ write: (inout ByteWriter) -> Void) -> ByteBuffer {
        // Taken out, so that a composition inside another one gets memory of its own.
        var writer = scratch.take() ?? ByteWriter(capacity: 4096)
        write(&writer)
        let buffer = writer.withBytes { bytes in
            bytes.withUnsafeBufferPointer { loop.ring.buffer(copying: UnsafeRawBufferPointer($0)) }
        }
        if writer.count <= Self.scratchLimit {
            writer.removeAll()
            scratch = consume writer
        }
        return buffer
    }

    /// The line in front of a chunk of this many bytes (RFC 9112 section 7.1).
    func composeChunkSize(_ count: Int) -> ByteBuffer {
        compose { out in
            out.writeHexadecimal(count)
            out.writeStaticString("\r\n")
        }
    }

    /// The most memory, in bytes, that is kept for the next composition.
    private static let scratchLimit = 64 * 1024

    /// An empty buffer with room for this many bytes.
    func buffer(capacity: Int) -> ByteBuffer {
        ByteBufferAllocator().buffer(capacity: capacity)
    }
}
