import OstiaryCore
import OstiaryTesting
import Synchronization
import Testing

@testable import OstiarySupervisor

/// The supervisor's rules, with children that are none and time that stands still.
@Suite(.timeLimit(.minutes(1))) struct SupervisorPolicyTests {
    private let clock = ManualClock()
    private let probe = FakeProbe()

    private func plan(_ when: RestartRules.When = .always, port: ChildPlan.PortPlan? = nil) -> ChildPlan {
        ChildPlan(executable: "/bin/true", arguments: ["true"], port: port, restart: RestartRules(when))
    }

    private func supervisor(_ launcher: FakeLauncher) -> Supervisor {
        Supervisor(launcher: launcher, probe: probe, clock: clock, generator: SeededGenerator(seed: 1))
    }

    @Test func `pauses double with a fifth of chance, and five starts within a minute are enough`() async throws {
        let launcher = FakeLauncher()
        let supervisor = supervisor(launcher)
        try await supervisor.start(ChildOrder(label: "a", plan: plan()))
        for start in 1...4 {
            launcher.children[start - 1].dies(.exit(1))
            try await wait(for: "pause \(start)") { await supervisor.status.state == .waiting && clock.sleeping == 1 }
            let pause = 0.5 * Double(1 << (start - 1))
            clock.advance(pause * 0.79)
            #expect(await supervisor.status.state == .waiting)
            clock.advance(pause * 0.42)
            try await wait(for: "start \(start + 1)") { await supervisor.status.state == .running }
        }
        launcher.children[4].dies(.signal(11))
        let status = await supervisor.finished()
        #expect(status.state == .failed && status.restarts == 4)
        #expect(status.failure == .gaveUp("5 starts within 60 s, the last ended with: signal 11"))
    }

    @Test func `a minute of health forgets what was before`() async throws {
        let launcher = FakeLauncher()
        let supervisor = supervisor(launcher)
        try await supervisor.start(ChildOrder(label: "a", plan: plan()))
        for start in 1...12 {
            clock.advance(60)
            launcher.children[start - 1].dies(.exit(1))
            try await wait(for: "pause \(start)") { await supervisor.status.state == .waiting && clock.sleeping == 1 }
            clock.advance(0.61)
            try await wait(for: "start \(start + 1)") { await supervisor.status.state == .running }
        }
        #expect(await supervisor.status.restarts == 12)
        await supervisor.stop()
    }

    @Test func `a child that is not to be started again is not, and exit 0 is no failure`() async throws {
        for (when, ending) in [(RestartRules.When.never, Ending.exit(1)), (.onFailure, .exit(0))] {
            let launcher = FakeLauncher()
            let supervisor = supervisor(launcher)
            try await supervisor.start(ChildOrder(label: "a", plan: plan(when)))
            launcher.children[0].dies(ending)
            let status = await supervisor.finished()
            #expect(status.state == .stopped && status.lastExit?.end == .ended(ending))
            #expect(launcher.children.count == 1)
        }
    }

    @Test func `three questions without an answer and it is ended and started again`() async throws {
        let launcher = FakeLauncher()
        let supervisor = supervisor(launcher)
        try await supervisor.start(ChildOrder(label: "a", plan: plan(port: .init(0))))
        probe.isHealthy.withLock { $0 = false }
        for _ in 1...3 {
            try await wait(for: "the next question") { clock.sleeping == 1 }
            #expect(launcher.children[0].state.withLock { $0.asked } == 0)
            clock.advance(5)
        }
        try await wait(for: "the pause") { await supervisor.status.state == .waiting && clock.sleeping == 1 }
        #expect(launcher.children[0].state.withLock { $0.asked } == 1)
        #expect(await supervisor.status.lastExit?.end == .unhealthy(misses: 3))
        probe.isHealthy.withLock { $0 = true }
        clock.advance(0.61)
        try await wait(for: "the next one") { await supervisor.status.state == .running }
        await supervisor.stop()
    }

    @Test func `an overlap starts the new one on a new port and ends the old one when that is ready`() async throws {
        let launcher = FakeLauncher()
        let supervisor = supervisor(launcher)
        var plan = plan(port: .init(0))
        plan.rotation = .overlap
        let first = try await supervisor.start(ChildOrder(label: "a", plan: plan))
        probe.isHealthy.withLock { $0 = false }
        let rotating = Task { try await supervisor.rotate([]) }
        try await wait(for: "the second child") { launcher.children.count == 2 && clock.sleeping == 3 }
        #expect(await supervisor.status.pid == first.pid)
        #expect(launcher.children[0].state.withLock { $0.asked } == 0)
        probe.isHealthy.withLock { $0 = true }
        clock.advance(0.1)
        try await rotating.value
        let second = await supervisor.status
        #expect(second.isRunning && second.pid == 101 && second.port != first.port && second.restarts == 1)
        #expect(launcher.children[0].state.withLock { $0.asked } == 1)
        await supervisor.stop()
        #expect(launcher.children[1].state.withLock { $0.asked } == 1)
    }

    @Test func `a new one that is never ready leaves the old one where it is`() async throws {
        let launcher = FakeLauncher()
        let supervisor = supervisor(launcher)
        var plan = plan(port: .init(0))
        plan.rotation = .overlap
        let first = try await supervisor.start(ChildOrder(label: "a", plan: plan))
        probe.isHealthy.withLock { $0 = false }
        let rotating = Task { try await supervisor.rotate([]) }
        try await wait(for: "the second child") { launcher.children.count == 2 }
        launcher.children[1].dies(.exit(1))
        await #expect(throws: SupervisorFault.ended(.exit(1))) { try await rotating.value }
        #expect(await supervisor.status.pid == first.pid)
        probe.isHealthy.withLock { $0 = true }
        await supervisor.stop()
    }

    @Test func `a rotation by restart waits for no pause and is no crash`() async throws {
        let launcher = FakeLauncher()
        let supervisor = supervisor(launcher)
        try await supervisor.start(ChildOrder(label: "a", plan: plan(.never)))
        try await supervisor.rotate([try RealChild.secret("KEY", .variable, "x")])
        #expect(launcher.children.map(\.secrets) == [[], ["KEY"]])
        #expect(await supervisor.status.restarts == 1)
        await supervisor.stop()
    }

    @Test func `a stop during a start cancels it`() async throws {
        let launcher = FakeLauncher()
        let supervisor = supervisor(launcher)
        probe.isHealthy.withLock { $0 = false }
        let order = ChildOrder(label: "a", plan: plan(port: .init(0)))
        let starting = Task { try await supervisor.start(order) }
        try await wait(for: "the start") { clock.sleeping == 2 }
        #expect(await supervisor.stop())
        await #expect(throws: SupervisorFault.cancelled) { try await starting.value }
        #expect(launcher.children[0].state.withLock { $0.asked } == 1)
        #expect(await supervisor.status.state == .stopped)
    }

    @Test func `a stop during a pause ends it, and a later start begins anew`() async throws {
        let launcher = FakeLauncher()
        let supervisor = supervisor(launcher)
        let order = ChildOrder(label: "a", plan: plan())
        try await supervisor.start(order)
        launcher.children[0].dies(.exit(1))
        try await wait(for: "the pause") { await supervisor.status.state == .waiting && clock.sleeping == 1 }
        await supervisor.stop()
        let status = try await supervisor.start(order)
        #expect(status.isRunning && status.restarts == 0 && launcher.children.count == 2)
        await supervisor.stop()
    }

    @Test func `somebody else's listener is not taken for the child`() async throws {
        let launcher = ForeignLauncher()
        let supervisor = Supervisor(launcher: launcher, probe: probe, clock: clock)
        await #expect(throws: SupervisorFault.foreignListener(9)) {
            try await supervisor.start(ChildOrder(label: "a", plan: plan(port: .init(9))))
        }
    }
}

/// Children whose port somebody else has taken.
private struct ForeignLauncher: ChildLauncher {
    func launch(
        _ plan: ChildPlan,
        port: UInt16?,
        secrets: [ChildSecret]
    ) async throws(SupervisorFault) -> any ChildProcess {
        let child = FakeChild(1, plan, port, secrets, isDeaf: false)
        child.state.withLock { $0.listener = .somebodyElse }
        return child
    }
}
