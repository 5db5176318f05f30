import CEpoll
import Glibc
import NIOCore
import OstiaryCore
import Synchronization

/// An event loop on a thread of its own, by epoll(7).
///
/// It is SwiftNIO's `EventLoop`, so that TLS and everything else made for NIO's channels runs on it, and it is a task
/// executor, so that code after an `await` is on the loop again. Work that the loop gives itself takes no lock and no
/// system call; work from other threads takes a lock, and one wake for all that comes at once.
///
/// After each event comes the work it caused, before the next event: what one connection's bytes set going is done
/// while they are at hand. A bounded share of it, so that work that makes more work for ever stops nobody else.
///
/// `@unchecked Sendable` is sound because other threads touch three things only: the inbox, which locks; `poller.wake`,
/// a write to a descriptor that stays open for as long as the loop exists; and constants. Everything else belongs to
/// the loop's thread and is reached from there alone, or, for a loop that is turned by hand, from the one test that
/// turns it. Once its thread has ended, one other at a time may stand in for
/// it, handed on by the inbox's lock.
final class Loop: @unchecked Sendable {
    /// Pieces of work that may follow from an event before the next event's turn.
    private static let share = 64
    /// Rounds of work that may follow when the loop ends.
    private static let lastRounds = 1000
    /// The most that one read takes.
    static let readSize = 64 * 1024

    let poller = Poller()
    private let inbox = Inbox()
    private let clock: any GateClock
    let isTurnedByHand: Bool
    // Who runs the loop: its thread, 0 before that runs, later whoever stands in for it.
    private let thread = Atomic<UInt>(0)
    private static let nobody = UInt.max

    /// How many events have had their turn: what was read of the clock is good until this changes.
    private(set) var events: UInt64 = 0
    /// Whether events are being gone through, so that sending can wait for their end.
    private(set) var isTurning = false
    private var senders: ContiguousArray<SocketStream> = []
    private var gatherers: ContiguousArray<any Gathering> = []
    private var work = WorkQueue()
    private var alarms = Alarms()
    private(set) var isEnding = false
    private var hasEnded = false
    private var afterEnd: [() -> Void] = []
    /// Where reads go first; a new one is made when somebody has kept a part of it.
    var scratch: ByteBuffer
    let gather = Gather()
    /// For what is copied and soon forgotten.
    var ring = BufferRing()

    private init(clock: any GateClock, isTurnedByHand: Bool) {
        self.clock = clock
        self.isTurnedByHand = isTurnedByHand
        scratch = ByteBufferAllocator().buffer(capacity: Self.readSize)
    }

    /// A loop without a thread: it does something only inside `run`. For tests.
    /// - Parameter clock: what its alarms go by.
    convenience init(turnedByHand clock: any GateClock = SystemClock()) {
        self.init(clock: clock, isTurnedByHand: true)
    }

    /// Starts a loop on a new thread. It runs until `shutdownGracefully`.
    /// - Throws: when the system gives no descriptors or no thread.
    static func start(name: String) throws(IOError) -> Loop {
        let loop = Loop(clock: SystemClock(), isTurnedByHand: false)
        if let fault = loop.poller.fault { throw fault }
        let start = Unmanaged.passRetained(Start(loop: loop, name: name))
        var thread = pthread_t()
        let code = pthread_create(&thread, nil, { Loop.threadMain($0) }, start.toOpaque())
        guard code == 0 else {
            start.release()
            throw IOError(errnoCode: code, reason: "no thread for an event loop")
        }
        // The thread notes itself too; whoever comes first writes the same.
        loop.noteThread(thread)
        pthread_detach(thread)
        return loop
    }

    private final class Start {
        let loop: Loop
        let name: String

        init(loop: Loop, name: String) {
            self.loop = loop
            self.name = name
        }
    }

    private static func threadMain(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        guard let argument else { return nil }
        let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
        let loop = start.loop
        cepoll_name_thread(start.name)
        loop.noteThread(pthread_self())
        while !loop.isEnding { loop.turn(isPatient: true) }
        loop.end()
        return nil
    }

    private func noteThread(_ identity: pthread_t) {
        _ = thread.compareExchange(expected: 0, desired: UInt(identity), ordering: .relaxed)
    }

    /// Whether the caller is on the loop's thread.
    @inline(__always)
    var isCurrent: Bool {
        isTurnedByHand || thread.load(ordering: .relaxed) == UInt(pthread_self())
    }

    /// Nanoseconds of CLOCK_MONOTONIC.
    var time: Int64 { clock.monotonic.nanoseconds }

    // MARK: Turning

    /// Does everything that can be done without waiting, on a loop that is turned by hand.
    func run() {
        repeat {
            while turn(isPatient: false) {}
        } while ringAlarms()
    }

    /// Waits for events, if there is nothing else to do, and goes through them. False when there was nothing.
    @discardableResult
    private func turn(isPatient: Bool) -> Bool {
        if let first = alarms.first, !isTurnedByHand { poller.wakeNoLater(than: first) }
        let count = poller.wait(isPatient && work.isEmpty && gatherers.isEmpty)
        let hadWork = count > 0 || !work.isEmpty || !gatherers.isEmpty
        isTurning = true
        for index in 0..<count {
            events &+= 1
            let event = poller.event(index)
            switch event.subject {
            case .pollable(let pollable): pollable.ready(event.happened)
            case .inbox: takeInbox()
            case .time: ringAlarms()
            case .nobody: break
            }
            doWork()
        }
        if count == 0 {
            events &+= 1
            doWork()
        }
        finishGathering()
        let hasSent = sendAll()
        isTurning = false
        return hadWork || hasSent
    }

    /// Notes that something gathers what is to be sent on one stream; it is asked when all events of this turn have been
    /// gone through, before the streams are.
    func gather(_ gathering: any Gathering) {
        gatherers.append(gathering)
    }

    private func finishGathering() {
        guard !gatherers.isEmpty else { return }
        // What is noted meanwhile has its turn with the next events.
        let due = gatherers
        gatherers = []
        for gathering in due { gathering.finishGathering() }
    }

    /// Notes that a stream has something to send; it is asked when all events of this turn have been gone through.
    ///
    /// Peers that are sent to one after another, without work between, are awake after the first: on a busy loop that
    /// saves a wake of another core, which costs more than all that the gate itself does for a request.
    func sendSoon(_ stream: SocketStream) {
        senders.append(stream)
    }

    /// False when there was nothing to send.
    private func sendAll() -> Bool {
        var index = 0
        // Sending can make room, and room more to send.
        while index < senders.count {
            senders[index].sendNow()
            index += 1
        }
        guard index > 0 else { return false }
        senders.removeAll(keepingCapacity: true)
        return true
    }

    private func doWork() {
        guard !work.isEmpty else { return }
        var left = work.count + Self.share
        while left > 0, let next = work.next() {
            left -= 1
            switch next {
            case .closure(let closure): closure()
            case .job(let job): job.runSynchronously(on: asUnownedTaskExecutor())
            case .nothing: break
            }
        }
    }

    private func takeInbox() {
        work.append(contentsOf: inbox.take())
    }

    @discardableResult
    private func ringAlarms() -> Bool {
        guard alarms.count > 0 else { return false }
        let now = time
        var hasRung = false
        while let alarm = alarms.takeDue(at: now) {
            hasRung = true
            alarm.ring()
        }
        return hasRung
    }

    // MARK: Work

    /// Adds work.
    func add(_ work: Work) {
        if isCurrent { return self.work.append(work) }
        switch inbox.put(work) {
        case .taken: break
        case .takenFirst: poller.wake()
        case .takenByNobody: standIn()
        }
    }

    /// Sets an alarm; on the loop only.
    func set(_ alarm: Alarm) {
        guard !isEnding else { return alarm.fail(EventLoopError.shutdown) }
        alarms.set(alarm)
    }

    func cancel(_ alarm: Alarm) {
        alarms.cancel(alarm)
    }

    // MARK: The end

    /// Ends the loop behind what it is doing now; on the loop only.
    /// - Parameter done: called when everything on it has ended.
    func endSoon(_ done: @escaping () -> Void) {
        guard !hasEnded else { return done() }
        isEnding = true
        afterEnd.append(done)
    }

    /// Ends everything that is left, so that nobody waits for it in vain.
    private func end() {
        for pollable in poller.all { pollable.loopEnds() }
        while let alarm = alarms.takeAny() { alarm.fail(EventLoopError.shutdown) }
        finishWork()
        hasEnded = true
        for done in afterEnd { done() }
        afterEnd = []
        standIn()
    }

    /// Does what is asked of a loop that has ended: late parts of tasks and promises, which somebody waits for. Whoever
    /// asks does it himself, and what others ask meanwhile; the inbox lets in one at a time.
    private func standIn() {
        while true {
            // Before anybody else can stand in.
            thread.store(Self.nobody, ordering: .relaxed)
            guard let late = inbox.takeOrLeave() else { return }
            thread.store(UInt(pthread_self()), ordering: .relaxed)
            work.append(contentsOf: late)
            finishWork()
        }
    }

    private func finishWork() {
        var rounds = 0
        while !work.isEmpty, rounds < Self.lastRounds {
            doWork()
            rounds += 1
        }
    }
}

extension Loop {
    /// Reads once into `scratch`, which must be clear.
    @inline(__always)
    func receive(from descriptor: Descriptor) -> Descriptor.Moved {
        var moved = Descriptor.Moved.wouldBlock
        scratch.writeWithUnsafeMutableBytes(minimumWritableBytes: 0) { room in
            moved = descriptor.receive(into: room)
            if case .bytes(let count) = moved { return count }
            return 0
        }
        return moved
    }
}

/// Gathers what many events have to send on one stream, so that it leaves in one piece.
protocol Gathering: AnyObject {
    /// All events of the loop's turn have been gone through.
    func finishGathering()
}
