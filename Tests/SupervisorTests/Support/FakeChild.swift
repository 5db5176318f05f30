import OstiaryCore
import Synchronization

@testable import OstiarySupervisor

/// A child that is none: it does what the test says.
final class FakeChild: ChildProcess {
    struct State {
        var asked = 0
        var killed = 0
        var signals: [Int32] = []
        var memory = 0
        var listener = Listener.child
    }

    let pid: Int32
    let plan: ChildPlan
    let port: UInt16?
    let secrets: [String]
    let isDeaf: Bool
    let state = Mutex(State())
    private let latch = Latch<Ending>()

    init(_ pid: Int32, _ plan: ChildPlan, _ port: UInt16?, _ secrets: [ChildSecret], isDeaf: Bool) {
        self.pid = pid
        self.plan = plan
        self.port = port
        self.secrets = secrets.map(\.name)
        self.isDeaf = isDeaf
    }

    var lastLines: [String] { ["said by \(pid)"] }
    func ended() async -> Ending? { await latch.wait() }
    func signal(_ number: Int32) { state.withLock { $0.signals.append(number) } }
    func end() {
        state.withLock { $0.asked += 1 }
        if !isDeaf { latch.set(.signal(15)) }
    }
    func kill() {
        state.withLock { $0.killed += 1 }
        latch.set(.signal(9))
    }
    func abandon() { latch.set(.signal(9)) }
    func replace(_ secrets: [ChildSecret]) {}
    func memory() -> Int? { state.withLock { $0.memory } }
    func listener(on port: UInt16) -> Listener { state.withLock { $0.listener } }

    /// Ends by itself.
    func dies(_ ending: Ending) { latch.set(ending) }
}

/// Starts children that are none.
final class FakeLauncher: ChildLauncher {
    private struct State {
        var children: [FakeChild] = []
        var isDeaf = false
        var diesWith: Ending?
    }

    private let state = Mutex(State())

    init(isDeaf: Bool = false, diesWith ending: Ending? = nil) {
        state.withLock {
            $0.isDeaf = isDeaf
            $0.diesWith = ending
        }
    }

    var children: [FakeChild] { state.withLock { $0.children } }

    func launch(
        _ plan: ChildPlan,
        port: UInt16?,
        secrets: [ChildSecret]
    ) async throws(SupervisorFault) -> any ChildProcess {
        state.withLock { state in
            let child = FakeChild(
                Int32(state.children.count + 100),
                plan,
                port,
                secrets,
                isDeaf: state.isDeaf
            )
            state.children.append(child)
            if let ending = state.diesWith { child.dies(ending) }
            return child
        }
    }
}

/// Answers as the test says.
final class FakeProbe: HealthProbe {
    let isHealthy = Mutex(true)
    let taken = Mutex<Set<UInt16>>([])
    private let next = Mutex<UInt16>(40_000)

    func answers(port: UInt16, path: String?) async -> Bool { isHealthy.withLock { $0 } }
    func isFree(_ port: UInt16) -> Bool { taken.withLock { !$0.contains(port) } }
    func freePort() -> UInt16? {
        next.withLock { next in
            next += 1
            return next
        }
    }
}
