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

    /// How often deadlines are looked at; a deadline fires at most this much late.
    static let tick = TimeAmount.milliseconds(100)

    init(index: Int, loop: Loop, clock: any GateClock, trust: Trust, counters: DialCounters) {
        self.index = index
        self.loop = loop
        self.clock = clock
        self.trust = trust
        self.counters = counters
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

    var watchedConnections: [ServerConnection] { watched.compactMap { $0 as? ServerConnection } }

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
    /// An empty buffer with room for this many bytes.
    func buffer(capacity: Int) -> ByteBuffer {
        ByteBufferAllocator().buffer(capacity: capacity)
    }
}
