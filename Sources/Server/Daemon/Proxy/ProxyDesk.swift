import OstiaryCore
import OstiaryJournal
import OstiarySupervisor
import OstiaryVault
import Synchronization

/// The proxy that the admin door starts: a gate of its own for one provider on one port, a child of this one, that has
/// this one's callers and limits. It has the provider's key as a file in memory, and another one by SIGHUP.
final class ProxyDesk: Sendable {
    /// Seconds between two looks whether the key is another one.
    static let glance = 5.0
    /// The variable that tells the child where the key is.
    static let keyVariable = "API_KEY_FILE"

    /// What is asked for.
    struct Wish: Hashable, Sendable {
        var provider: String
        var base: String?
        var port: UInt16
        var reasoning: String?
        var completion: String?
        var debug = false
        /// The variable in which the provider's own key usually is.
        var keyVariable = "API_KEY"

        var variables: [String: String] {
            var variables = ["ANTHROPIC_PROXY_PROVIDER": provider]
            variables["ANTHROPIC_PROXY_BASE_URL"] = base
            variables["REASONING_MODEL"] = reasoning
            variables["COMPLETION_MODEL"] = completion
            if debug { variables["DEBUG"] = "1" }
            return variables
        }
    }

    /// Which key the proxy has.
    private struct Lent: Sendable {
        let provider: String
        var key: SecretHolder
        let order: ChildOrder
    }

    private let supervisor: Supervisor
    /// Where this gate's configuration is read from; `nil` for a gate that was not started by the command.
    private let source: Configuration.Source?
    private let environment: [String: String]
    private let clock: any GateClock
    private let lent = Mutex<Lent?>(nil)
    /// All that this gate was started with and that is no secret of its own, for what a program is to see of it.
    private let whole: [String: String]
    private let restarts = Counter()
    private let running = Gauge()

    init(
        source: Configuration.Source?,
        environment: [String: String],
        clock: any GateClock,
        journal: Journal,
        launcher: any ChildLauncher = GuardianLauncher()
    ) {
        self.source = source
        self.clock = clock
        // What the gate itself is configured by, so that the child reads the same.
        self.environment = ChildEnvironment.make(
            from: environment,
            passing: environment.keys.filter { $0.hasPrefix("OSTIARY_") || $0 == SecretsdFile.variable }
        )
        whole = environment
        let restarts = restarts
        let running = running
        supervisor = Supervisor(launcher: launcher, clock: clock) { notice in
            switch notice {
            case .started(let pid, let port):
                journal.event(.info, "the proxy was started", ["pid": "\(pid)", "port": "\(port ?? 0)"])
            case .ready: running.set(1)
            case .ended(let end):
                running.set(0)
                journal.event(.warning, "the proxy is not there any more", ["reason": "\(end)"])
            case .startsAgain(let seconds):
                restarts.increment()
                journal.event(.warning, "the proxy is started again", ["after": "\(seconds)"])
            case .gaveUp(let fault):
                journal.event(.error, "the proxy is not started again", ["reason": "\(fault)"])
            case .rotated: journal.event(.info, "the proxy has the new key")
            case .stopped: journal.event(.info, "the proxy was stopped")
            }
        }
    }

    /// Whether this gate can start one: another gate needs this one's configuration, a program of the operator's does not.
    func isPossible(_ program: Configuration.ProxyProgram) -> Bool { source != nil || !program.command.isEmpty }

    /// Starts the proxy and returns when it answers.
    /// - Parameter program: what stands in a gate's place, where the configuration names something.
    func start(
        _ wish: Wish,
        key: SecretHolder?,
        program: Configuration.ProxyProgram = Configuration.ProxyProgram()
    ) async throws(SupervisorFault) -> SupervisorStatus {
        let order =
            program.command.isEmpty ? try gate(wish, key: key) : try foreign(program, for: wish, key: key)
        let status = try await supervisor.start(order)
        if let key { lent.withLock { $0 = Lent(provider: wish.provider, key: key, order: order) } }
        return status
    }

    /// A gate of its own.
    private func gate(_ wish: Wish, key: SecretHolder?) throws(SupervisorFault) -> ChildOrder {
        var arguments = ["ostiary", "serve", "--proxy"]
        if let file = source?.file { arguments += ["--config", file] }
        var plan = ChildPlan(executable: "/proc/self/exe", arguments: arguments)
        plan.environment = environment.merging(wish.variables) { $1 }
        plan.port = ChildPlan.PortPlan(wish.port, variable: "PORT")
        plan.rotation = .signal(1)
        // A gate gives answers in flight thirty seconds; nobody who asked for a stop waits so long.
        plan.grace = 10
        let secrets =
            try key.map { key throws(SupervisorFault) in [try ChildSecret(Self.keyVariable, .file, key)] } ?? []
        return ChildOrder(label: wish.provider, plan: plan, variant: "\(wish)", secrets: secrets)
    }

    /// The operator's program. What it is told is what the proxy of Claude-Throne is told.
    private func foreign(
        _ program: Configuration.ProxyProgram,
        for wish: Wish,
        key: SecretHolder?
    ) throws(SupervisorFault) -> ChildOrder {
        let own = ChildEnvironment.make(from: whole, passing: program.environment)
        let found = try Executable.find(program.command.first ?? "", path: own["PATH"])
        var plan = ChildPlan(executable: found, arguments: program.command)
        plan.environment = own.merging(wish.variables) { $1 }
        plan.port = ChildPlan.PortPlan(wish.port, variable: "PORT", health: program.health)
        // It reads its key once; nothing is known of it that would tell it of another.
        plan.rotation = .restart
        var secrets: [ChildSecret] = []
        if let key {
            let way: ChildSecret.Way = program.lending == .file ? .file : .variable
            let name = program.variable ?? (way == .file ? Self.keyVariable : wish.keyVariable)
            secrets = [try ChildSecret(name, way, key)]
        }
        return ChildOrder(label: wish.provider, plan: plan, variant: "\(wish) \(program)", secrets: secrets)
    }

    func stop() async -> Bool {
        lent.withLock { $0 = nil }
        return await supervisor.stop()
    }

    var status: SupervisorStatus {
        get async { await supervisor.status }
    }

    /// Gives the proxy the key of now, where that is another one.
    func renew(_ key: (String) -> SecretHolder?) async {
        guard let known = lent.withLock({ $0 }), let now = key(known.provider), !known.key.hasSameBytes(as: now),
            let before = known.order.secrets.first, let secret = try? ChildSecret(before.name, before.way, now)
        else { return }
        do throws(SupervisorFault) {
            try await supervisor.rotate([secret])
            lent.withLock { $0?.key = now }
        } catch {
            // It has the old one; the next look tries again.
        }
    }

    var instruments: [Instrument] {
        [
            Instrument("gw_proxy_running", .gauge, "Whether the proxy that the admin door started runs; at most 1.") {
                [running] in Double(running.current)
            },
            Instrument("gw_proxy_restarts_total", .counter, "Starts of the proxy after it had ended by itself.") {
                [restarts] in Double(restarts.current)
            },
        ]
    }
}
