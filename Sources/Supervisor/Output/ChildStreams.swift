import CSupervise
import Dispatch
import OstiaryCore
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A child's first three descriptors, and what is read of them.
final class ChildStreams: Sendable {
    let scrubber: Scrubber
    private let ring = OutputRing()
    private let drains: [Drain]
    private let givenAway: Mutex<[Int32]>
    private let own: [Int32]

    /// What the child gets, from 0 on.
    var given: [Int32] { givenAway.withLock { $0 } }
    var lastLines: [String] { ring.lines }

    init(
        _ plan: ChildPlan.Streams,
        secrets: [ChildSecret],
        counters: OutputCounters,
        passedOn: @escaping @Sendable (ChildStream, [UInt8]) -> Void
    ) throws(SupervisorFault) {
        scrubber = Scrubber(secrets)
        if case .inherited = plan {
            // A descriptor that is closed here would be another one there.
            givenAway = Mutex(try (0...2).map { (number) throws(SupervisorFault) in try Self.copy(number) })
            drains = []
            own = []
            return
        }
        var given: [Int32] = [try plan == .drained ? Self.nothing() : Self.copy(0)]
        var drains: [Drain] = []
        for stream in [ChildStream.output, .error] {
            var pipe: [Int32] = [-1, -1]
            guard csupervise_pipe(&pipe) == 0 else {
                for descriptor in given { close(descriptor) }
                throw .notStarted(step: "pipe", reason: SystemFault.last.reason)
            }
            _ = fcntl(pipe[0], F_SETFL, O_NONBLOCK)
            given.append(pipe[1])
            let passes = plan == .passedOn
            drains.append(
                Drain(pipe[0], LineDivider(scrubber), counters) { [ring] line in
                    ring.append(line.bytes)
                    if passes { passedOn(stream, line.isCut ? line.bytes : line.bytes + [UInt8(ascii: "\n")]) }
                }
            )
        }
        givenAway = Mutex(given)
        self.drains = drains
        own = []
        for drain in drains { drain.start() }
    }

    deinit { closeGiven() }

    /// Closes what the child has copies of by now.
    func closeGiven() {
        let descriptors = givenAway.withLock { given in
            defer { given = [] }
            return given
        }
        for descriptor in descriptors { close(descriptor) }
    }

    /// Reads what is there still, and then calls `done`.
    func finish(_ done: @escaping @Sendable () -> Void) {
        let group = DispatchGroup()
        for drain in drains {
            group.enter()
            drain.finish { group.leave() }
        }
        group.notify(queue: .global(), execute: done)
    }

    private static func copy(_ number: Int32) throws(SupervisorFault) -> Int32 {
        let copy = fcntl(number, F_DUPFD_CLOEXEC, 3)
        return try copy >= 0 ? copy : nothing()
    }

    private static func nothing() throws(SupervisorFault) -> Int32 {
        let nothing = open("/dev/null", O_RDWR | O_CLOEXEC)
        guard nothing >= 0 else { throw .notStarted(step: "stream", reason: SystemFault.last.reason) }
        return nothing
    }
}
