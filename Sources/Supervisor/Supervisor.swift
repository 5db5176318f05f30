public import OstiaryCore

/// Keeps one child: starts it, sees that it answers, starts it again by its rules, gives it new secrets, and ends it with
/// everything below it.
///
/// One operation at a time. `start` with the order of now does nothing; `stop` during a start cancels it. What the child
/// is reached through is a guardian's socket and descriptor, never a number.
public actor Supervisor {
    private let launcher: any ChildLauncher
    let probe: any HealthProbe
    let clock: any GateClock
    private let notice: @Sendable (SupervisorNotice) -> Void
    private var generator: any RandomNumberGenerator & Sendable
    private let turn = Turn()

    private var order: ChildOrder?
    private var life: Task<Void, Never>?
    private var child: (any ChildProcess)?
    /// A child that is to take the place of `child`.
    private var incoming: (any ChildProcess)?
    /// What the first start of a life came to.
    private var outcome = Latch<SupervisorFault?>()
    private var isAskedToRestart = false
    private var isFinal = false
    private var told = SupervisorStatus()
    private var readySince: MonotonicTime?

    /// Seconds that a child that was killed may take to be gone.
    private static let mourning = 5.0

    public init(
        launcher: any ChildLauncher,
        probe: any HealthProbe = LoopbackProbe(),
        clock: any GateClock,
        generator: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator(),
        notice: @escaping @Sendable (SupervisorNotice) -> Void = { _ in }
    ) {
        self.launcher = launcher
        self.probe = probe
        self.clock = clock
        self.generator = generator
        self.notice = notice
    }

    // MARK: Operations

    /// Starts the child and returns when it is ready.
    @discardableResult
    public func start(_ order: ChildOrder) async throws(SupervisorFault) -> SupervisorStatus {
        await turn.take()
        defer { turn.give() }
        if let current = self.order, life != nil, told.state != .failed, told.state != .stopped {
            guard current.isSame(as: order) else { throw .alreadyRunning }
            return status
        }
        await life?.value
        self.order = order
        told = SupervisorStatus()
        told.label = order.label
        told.state = .starting
        isFinal = false
        let outcome = Latch<SupervisorFault?>()
        self.outcome = outcome
        life = Task { await live() }
        // Not cancelled with the caller: the child is the supervisor's.
        let fault = await Task { await outcome.wait() ?? .cancelled }.value
        if let fault { throw fault }
        return status
    }

    /// Ends the child and all below it.
    /// - Returns: whether there was one.
    @discardableResult
    public func stop() async -> Bool {
        let life = life
        let isThere = life != nil && told.state != .failed && told.state != .stopped
        // At once, so that a start under way is cancelled rather than waited for.
        life?.cancel()
        incoming?.kill()
        await turn.take()
        defer { turn.give() }
        await life?.value
        if self.life == life {
            self.life = nil
            told.state = .stopped
            told.pid = nil
        }
        if isThere { notice(.stopped) }
        return isThere
    }

    /// Gives the child other secrets, by the rotation of its plan, and returns when it has them.
    public func rotate(_ secrets: [ChildSecret]) async throws(SupervisorFault) {
        await turn.take()
        defer { turn.give() }
        guard var order, let life, !life.isCancelled else { return }
        order.secrets = secrets
        self.order = order
        guard told.state == .running, let old = child else { return }
        switch order.plan.rotation {
        case .ignore: return
        case .signal(let number):
            old.replace(secrets)
            old.signal(number)
        case .restart:
            isAskedToRestart = true
            let outcome = Latch<SupervisorFault?>()
            self.outcome = outcome
            await end(old)
            if let fault = await Task(operation: { await outcome.wait() ?? .cancelled }).value { throw fault }
        case .overlap:
            try await replace(old, order)
        }
        notice(.rotated(order.plan.rotation))
    }

    /// Sends a signal to the child's group.
    public func signal(_ number: Int32) {
        child?.signal(number)
        incoming?.signal(number)
    }

    /// From now on the child is not started again when it ends.
    public func letGo() { isFinal = true }

    /// Returns when the child has ended and is not started again.
    public func finished() async -> SupervisorStatus {
        await life?.value
        return status
    }

    public var status: SupervisorStatus {
        var status = told
        status.uptime = readySince.map { clock.monotonic.seconds(since: $0) }
        status.memory = child?.memory()
        if let child { status.lastLines = child.lastLines }
        return status
    }

    // MARK: One life, of as many children as it takes

    private func live() async {
        guard let first = order else { return }
        var book = RestartBook(first.plan.restart)
        var isFirst = true
        while !Task.isCancelled, let order {
            book.started(at: clock.monotonic)
            let end = await once(order)
            let since = readySince
            forget(end)
            guard !Task.isCancelled else { break }
            if isAskedToRestart {
                isAskedToRestart = false
                told.restarts += 1
                continue
            }
            if isFirst, since == nil, case .notReady(let fault) = end { return fail(fault) }
            isFirst = false
            let decision: RestartBook.Decision =
                isFinal ? .over : book.decide(end, readySince: since, at: clock.monotonic, &generator)
            switch decision {
            case .over:
                told.state = .stopped
                if case .ended(let ending) = end { outcome.set(since == nil ? .ended(ending) : nil) }
                return outcome.set(.gaveUp("\(end)"))
            case .giveUp(let reason): return fail(.gaveUp(reason))
            case .again(let seconds):
                told.state = .waiting
                notice(.startsAgain(seconds: seconds))
                guard (try? await clock.sleep(seconds: seconds)) != nil else { break }
                told.restarts += 1
            }
        }
        outcome.set(.cancelled)
    }

    private func fail(_ fault: SupervisorFault) {
        told.state = .failed
        told.failure = fault
        notice(.gaveUp(fault))
        outcome.set(fault)
    }

    private func forget(_ end: ChildEnd) {
        if let child { told.lastLines = child.lastLines }
        told.lastExit = .init(end: end, at: clock.now)
        told.pid = nil
        child = nil
        readySince = nil
        notice(.ended(end))
    }

    /// Starts a child and returns when it is gone.
    private func once(_ order: ChildOrder) async -> ChildEnd {
        told.state = .starting
        let port: UInt16?
        let child: any ChildProcess
        do throws(SupervisorFault) {
            port = try choosePort(order.plan)
            child = try await launcher.launch(order.plan, port: port, secrets: order.secrets)
        } catch {
            return .notReady(error)
        }
        adopt(child, port)
        switch await readiness(of: child, order.plan, port) {
        case .ready: becameReady()
        case .ended(let ending): return .ended(ending)
        case .not(let fault):
            await end(child)
            return .notReady(fault)
        case nil: return .ended(await end(child))
        }
        return await watch(order.plan)
    }

    private func adopt(_ child: any ChildProcess, _ port: UInt16?) {
        self.child = child
        told.pid = child.pid
        told.port = port
        notice(.started(pid: child.pid, port: port))
    }

    private func becameReady() {
        readySince = clock.monotonic
        told.state = .running
        if let child { notice(.ready(pid: child.pid)) }
        outcome.set(nil)
    }

    /// Returns when the child of now, or one that took its place, is gone.
    private func watch(_ plan: ChildPlan) async -> ChildEnd {
        while let child {
            let end = await trouble(of: child, plan, told.port)
            switch end {
            case .ended where child !== self.child: continue
            case .ended(let ending)?: return .ended(ending)
            case let end?:
                await self.end(child)
                return end
            case nil: return .ended(await self.end(child))
            }
        }
        return .notReady(.cancelled)
    }

    /// Starts another child beside `old`, and ends that when the other is ready.
    private func replace(_ old: any ChildProcess, _ order: ChildOrder) async throws(SupervisorFault) {
        let port = try order.plan.port.map { plan throws(SupervisorFault) -> UInt16 in
            if plan.number > 0 { return plan.number }
            guard let port = probe.freePort() else { throw .portInUse(0) }
            return port
        }
        let new = try await launcher.launch(order.plan, port: port, secrets: order.secrets)
        incoming = new
        defer { incoming = nil }
        let readiness = await Task { await self.readiness(of: new, order.plan, port, besides: old) }.value
        guard case .ready = readiness, child === old, life?.isCancelled == false else {
            await end(new)
            switch readiness {
            case .not(let fault): throw fault
            case .ended(let ending): throw .ended(ending)
            default: throw .cancelled
            }
        }
        adopt(new, port)
        told.restarts += 1
        becameReady()
        await end(old)
    }

    private func choosePort(_ plan: ChildPlan) throws(SupervisorFault) -> UInt16? {
        guard let wanted = plan.port?.number else { return nil }
        if wanted == 0 {
            guard let port = probe.freePort() else { throw .portInUse(0) }
            return port
        }
        guard probe.isFree(wanted) else { throw .portInUse(wanted) }
        return wanted
    }

    /// Asks the child and all below it to end, and ends them by force after the grace. Goes on when the caller is
    /// cancelled, as a child must not be left.
    @discardableResult
    private func end(_ child: any ChildProcess) async -> Ending {
        let grace = order?.plan.grace ?? 5
        let clock = clock
        return await Task {
            child.end()
            if await !Self.isGone(child, within: grace, clock) {
                child.kill()
                if await !Self.isGone(child, within: Self.mourning, clock) { child.abandon() }
            }
            // Nobody cancels this task.
            return await child.ended() ?? .signal(9)
        }.value
    }

    private static func isGone(_ child: any ChildProcess, within seconds: Double, _ clock: any GateClock) async -> Bool
    {
        await withTaskGroup(of: Bool?.self) { group in
            group.addTask { await child.ended().map { _ in true } }
            group.addTask { (try? await clock.sleep(seconds: seconds)).map { false } }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first ?? false
        }
    }
}
