import Glibc
public import NIOCore
public import OstiaryCore

/// The gate's workers: one for each event loop.
public final class Crew: Sendable {
    let group: LoopGroup
    let workers: [LoopConfined<Worker>]

    /// - Parameter count: event loops; each is one thread.
    /// - Throws: when the system gives no threads or no descriptors for them.
    public init(count: Int, clock: any GateClock, trust: Trust, counters: DialCounters) throws(IOError) {
        // Whoever reads the log may leave; that must not end the process. Sockets ask for no such signal anyway.
        _ = signal(SIGPIPE, SIG_IGN)
        group = try LoopGroup(count: count)
        var workers: [LoopConfined<Worker>] = []
        for loop in group.loops {
            workers.append(
                LoopConfined(
                    Worker(index: workers.count, loop: loop, clock: clock, trust: trust, counters: counters)
                )
            )
        }
        self.workers = workers
    }

    public var count: Int { workers.count }

    /// Makes something on each worker's loop.
    func onEach<Value>(_ make: @escaping @Sendable (Worker) -> Value) async throws -> [LoopConfined<Value>] {
        var made: [LoopConfined<Value>] = []
        for worker in workers {
            made.append(try await worker.value.loop.submit { LoopConfined(make(worker.value)) }.get())
        }
        return made
    }

    /// Begins to look at deadlines.
    public func start() async throws {
        _ = try await onEach { $0.start() }
    }

    /// Looks at all deadlines now; for tests whose clock moves by hand.
    public func checkDeadlines() async throws {
        _ = try await onEach { $0.checkDeadlines() }
    }

    /// Runs `operation` on the first worker's loop; what it returns comes back across.
    public func onFirst<Value: Sendable>(
        _ operation: @escaping @Sendable (Worker) async -> Value
    ) async -> Value {
        let worker = workers[0]
        return await withCheckedContinuation { continuation in
            worker.value.loop.execute {
                worker.value.run { continuation.resume(returning: await operation(worker.value)) }
            }
        }
    }

    /// Stops the loops; nothing may be asked of the workers afterwards.
    public func stop() async {
        _ = try? await onEach { worker in
            worker.stop()
            worker.dialler.drain()
        }
        try? await group.shutdownGracefully()
    }
}
