import Glibc
import NIOCore
import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryWire

/// A loop that a test turns, where the order of things is the question.
@Suite struct LoopOrderTests {
    @Test func doesWorkInTheOrderItWasGiven() {
        let loop = Loop(turnedByHand: SystemClock())
        let done = Observed<[Int]>([])
        for number in 0..<5000 { loop.execute { done.change { $0.append(number) } } }
        #expect(done.value.isEmpty)
        loop.run()
        #expect(done.value == Array(0..<5000))
    }

    @Test func doesWhatWorkAddedBehindWhatWasThere() {
        let loop = Loop(turnedByHand: SystemClock())
        let done = Observed<[String]>([])
        loop.execute {
            done.change { $0.append("a") }
            loop.execute { done.change { $0.append("c") } }
        }
        loop.execute { done.change { $0.append("b") } }
        loop.run()
        #expect(done.value == ["a", "b", "c"])
    }

    /// What an event set going is done before the next event's turn.
    @Test func doesAnEventsWorkBeforeTheNextEvent() throws {
        let loop = Loop(turnedByHand: SystemClock())
        let done = Observed<[String]>([])
        var benches: [(RecordingOwner, SocketTransport, Socket)] = []
        for _ in 0..<3 {
            let (ours, peer) = try SocketBench.pair()
            let owner = RecordingOwner()
            let transport = SocketTransport(ours, to: .client, on: loop, owner: owner)
            owner.whenReceived = { _ in
                done.change { $0.append("event") }
                loop.execute {
                    done.change { $0.append("work") }
                    loop.execute { done.change { $0.append("more") } }
                }
            }
            transport.start()
            peer.write("x".utf8)
            benches.append((owner, transport, peer))
        }
        loop.run()
        #expect(done.value == ["event", "work", "more", "event", "work", "more", "event", "work", "more"])
        for bench in benches { bench.1.resetNow() }
    }

    @Test func letsNoWorkThatGoesOnForEverStopTheOthers() throws {
        let loop = Loop(turnedByHand: SystemClock())
        let (ours, peer) = try SocketBench.pair()
        let owner = RecordingOwner()
        let transport = SocketTransport(ours, to: .client, on: loop, owner: owner)
        transport.start()
        peer.write("x".utf8)
        let rounds = Observed(0)
        let isHeard = Observed(false)
        owner.whenReceived = { _ in isHeard.change { $0 = true } }
        @Sendable func again() {
            rounds.change { $0 += 1 }
            if !isHeard.value, rounds.value < 100_000 { loop.execute(again) }
        }
        loop.execute(again)
        loop.run()
        #expect(isHeard.value)
        #expect(rounds.value < 100_000)
        transport.resetNow()
    }

    @Test func ringsWhenTheTimeHasCome() {
        let clock = ManualClock()
        let loop = Loop(turnedByHand: clock)
        let rung = Observed<[Int]>([])
        for seconds in [3, 1, 2, 1] {
            loop.scheduleTask(in: .seconds(Int64(seconds))) { rung.change { $0.append(seconds) } }
        }
        loop.run()
        #expect(rung.value == [])
        clock.advance(1)
        loop.run()
        #expect(rung.value == [1, 1])
        clock.advance(5)
        loop.run()
        #expect(rung.value == [1, 1, 2, 3])
    }

    @Test func ringsNothingThatWasCancelled() throws {
        let clock = ManualClock()
        let loop = Loop(turnedByHand: clock)
        let rung = Observed<[Int]>([])
        let tasks = (0..<10).map { number in
            loop.scheduleTask(in: .seconds(1)) { rung.change { $0.append(number) } }
        }
        for number in [0, 5, 9] { tasks[number].cancel() }
        clock.advance(2)
        loop.run()
        #expect(rung.value == [1, 2, 3, 4, 6, 7, 8])
        // Too late, and harmless.
        tasks[1].cancel()
        loop.run()
    }

    @Test func repeatsUntilItIsCancelled() {
        let clock = ManualClock()
        let loop = Loop(turnedByHand: clock)
        let count = Observed(0)
        let task = loop.scheduleRepeatedTask(initialDelay: .seconds(1), delay: .seconds(1)) { _ in
            count.change { $0 += 1 }
        }
        for _ in 0..<3 {
            clock.advance(1)
            loop.run()
        }
        task.cancel()
        clock.advance(5)
        loop.run()
        #expect(count.value == 3)
    }
}

/// A loop on its own thread.
@Suite struct LoopThreadTests {
    private static func with<Result>(_ body: (Loop) async throws -> Result) async throws -> Result {
        let loop = try Loop.start(name: "test-loop")
        do {
            let result = try await body(loop)
            try await loop.shutdownGracefully()
            return result
        } catch {
            try await loop.shutdownGracefully()
            throw error
        }
    }

    @Test func doesWhatOtherThreadsAskOnItsOwn() async throws {
        try await Self.with { loop async throws in
            #expect(!loop.inEventLoop)
            #expect(try await loop.submit { loop.inEventLoop }.get())
        }
    }

    @Test func keepsTheOrderOfEachThread() async throws {
        try await Self.with { loop async throws in
            let done = Observed<[Int: [Int]]>([:])
            await withTaskGroup { group in
                for asker in 0..<4 {
                    group.addTask { @concurrent in
                        for number in 0..<500 {
                            loop.execute { done.change { $0[asker, default: []].append(number) } }
                        }
                    }
                }
            }
            try await loop.submit {}.get()
            for asker in 0..<4 { #expect(done.value[asker] == Array(0..<500)) }
        }
    }

    @Test func ringsByItself() async throws {
        try await Self.with { loop async throws in
            let order = Observed<[Int]>([])
            let late = loop.scheduleTask(in: .milliseconds(20)) { order.change { $0.append(2) } }
            let early = loop.scheduleTask(in: .milliseconds(1)) { order.change { $0.append(1) } }
            let past = loop.scheduleTask(deadline: .distantPast) { order.change { $0.append(0) } }
            for task in [late, early, past] { try await task.futureResult.get() }
            #expect(order.value == [0, 1, 2])
        }
    }

    @Test func cancelsFromElsewhere() async throws {
        try await Self.with { loop async throws in
            let task = loop.scheduleTask(in: .hours(1)) {}
            task.cancel()
            await #expect(throws: EventLoopError.cancelled) { try await task.futureResult.get() }
        }
    }

    /// Wherever a task was woken from, it goes on where its loop is.
    @Test func takesItsTasksBack() async throws {
        try await Self.with { loop async throws in
            let isThere = await Task(executorPreference: loop) {
                var isThere = loop.inEventLoop
                await Task.detached {}.value
                isThere = isThere && loop.inEventLoop
                try? await Task.sleep(for: .milliseconds(1))
                isThere = isThere && loop.inEventLoop
                await Task.yield()
                return isThere && loop.inEventLoop
            }.value
            #expect(isThere)
        }
    }

    @Test func endsEverythingThatIsOnIt() async throws {
        let loop = try Loop.start(name: "test-loop")
        let (ours, peer) = try SocketBench.connection()
        let closed = Observed(false)
        try await loop.submit {
            let owner = ClosedOwner(closed)
            SocketTransport(ours, to: .client, on: loop, owner: owner).start()
        }.get()
        let task = loop.scheduleTask(in: .hours(1)) {}
        let asked = Observed(0)
        loop.execute { loop.execute { asked.change { $0 += 1 } } }
        try await loop.shutdownGracefully()
        #expect(closed.value)
        #expect(peer.read(milliseconds: 1000) == .end)
        await #expect(throws: EventLoopError.shutdown) { try await task.futureResult.get() }
        #expect(asked.value == 1)
    }

    /// Somebody may wait for a promise or a task that belongs to a loop which has ended.
    @Test func leavesNobodyWaitingAfterItsEnd() async throws {
        let loop = try Loop.start(name: "test-loop")
        let latch = Latch()
        let isThere = Task(executorPreference: loop) {
            try? await latch.wait()
            return loop.inEventLoop
        }
        let promise = loop.makePromise(of: Int.self)
        try await loop.shutdownGracefully()
        #expect(!loop.inEventLoop)
        promise.succeed(7)
        #expect(try await promise.futureResult.get() == 7)
        #expect(try await loop.submit { loop.inEventLoop }.get())
        #expect(!loop.inEventLoop)
        latch.open()
        #expect(await isThere.value)
        let task = loop.scheduleTask(in: .seconds(1)) {}
        await #expect(throws: EventLoopError.shutdown) { try await task.futureResult.get() }
        let (ours, _) = try SocketBench.pair()
        #expect(
            try await loop.submit {
                let owner = RecordingOwner()
                SocketTransport(ours, to: .client, on: loop, owner: owner).start()
                return owner.isClosed
            }.get()
        )
        try await loop.shutdownGracefully()
    }

    private final class ClosedOwner: TransportOwner {
        private let isClosed: Observed<Bool>
        init(_ isClosed: Observed<Bool>) { self.isClosed = isClosed }
        func attached(to transport: any Transport) {}
        func received(_ bytes: ByteBuffer) {}
        func receivedAll() {}
        func writabilityChanged() {}
        func closed(_ error: (any Error)?) { isClosed.change { $0 = true } }
    }
}
