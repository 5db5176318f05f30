import ArgumentParser
import OstiaryCore
import OstiarySupervisor

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// One program that `ostiary run` looks after, from its start to its last end.
struct RunSession {
    private let order: ChildOrder
    private let lending: Lending
    private let holders: [SecretHolder]
    private let refresh: Double
    private let voice: Voice
    private let supervisor: Supervisor
    private let clock = SystemClock()

    init(_ order: ChildOrder, _ lending: Lending, _ holders: [SecretHolder], refresh: Double, voice: Voice) {
        self.order = order
        self.lending = lending
        self.holders = holders
        self.refresh = refresh
        self.voice = voice
        let launcher = GuardianLauncher { stream, bytes in
            // Nobody reads any more: the program will notice, as it would without us.
            try? SystemCall.writeAll(bytes, to: stream == .output ? 1 : 2)
        }
        supervisor = Supervisor(launcher: launcher, clock: clock) { notice in
            switch notice {
            case .startsAgain(let seconds): voice.warn("it starts again in \(Self.shown(seconds)) s")
            case .ended(.ended): break
            case .ended(let end): voice.warn("it was ended: \(end)")
            case .rotated(let way): if way != .ignore { voice.progress("it has the new key") }
            case .started, .ready, .gaveUp, .stopped: break
            }
        }
    }

    /// Runs it to its end.
    /// - Returns: the status to end with.
    func run() async throws(SupervisorFault) -> ExitCode {
        let supervisor = supervisor
        let signals = PassedSignals([SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2, SIGWINCH]) { number in
            Task {
                switch number {
                case SIGTERM: await supervisor.stop()
                case SIGINT, SIGQUIT:
                    await supervisor.letGo()
                    await supervisor.signal(number)
                default: await supervisor.signal(number)
                }
            }
        }
        defer { withExtendedLifetime(signals) {} }
        do throws(SupervisorFault) {
            try await supervisor.start(order)
        } catch {
            if let code = await Self.code(supervisor.status), case .ended = error { return code }
            if case .cancelled = error, let code = await Self.code(supervisor.status) { return code }
            throw error
        }
        let looking = Task { await look() }
        let status = await supervisor.finished()
        looking.cancel()
        if let failure = status.failure { voice.error("\(failure)") }
        return Self.code(status) ?? RunStatus.own
    }

    /// Looks for other keys for as long as the program runs.
    private func look() async {
        guard order.plan.rotation != .ignore, !lending.items.isEmpty else { return }
        var known = holders
        while (try? await clock.sleep(seconds: refresh)) != nil {
            do {
                let now = try await lending.read()
                guard !zip(now, known).allSatisfy({ $0.hasSameBytes(as: $1) }) else { continue }
                try await supervisor.rotate(try lending.lent(now))
                known = now
            } catch let trouble as Lending.Trouble {
                voice.warn("\(trouble.sentence); the program keeps the one it has")
            } catch {
                voice.warn("the new key did not reach the program: \(error)")
            }
        }
    }

    private static func code(_ status: SupervisorStatus) -> ExitCode? {
        if case .ended(let ending)? = status.lastExit?.end { return ExitCode(ending.status) }
        return nil
    }

    /// Says why nothing runs.
    static func tell(_ fault: SupervisorFault, _ voice: Voice) -> ExitCode {
        voice.error("\(fault)")
        if case .notFound = fault { return RunStatus.notFound }
        if case .portInUse = fault { voice.hint("choose another with --port; --port 0 lets the system choose") }
        return RunStatus.own
    }

    private static func shown(_ seconds: Double) -> String {
        let tenths = Int((seconds * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }
}
