import OstiaryCore
import Synchronization

/// One key, read from its source and kept fresh.
///
/// Lending takes one short lock and never waits, however the source behaves. Readings go one at a time; whoever asks for
/// one meanwhile waits for the same. A reading that fails changes nothing but the time of the next one. The key before
/// the present one is kept too, as a provider may know a new key later than its source does.
final class FreshKey: Sendable {
    /// One key as it was read.
    fileprivate struct Slot {
        let holder: SecretHolder
        var refreshAt: MonotonicTime
        var freshUntil: MonotonicTime
        var usableUntil: MonotonicTime
        var expires: UnixTime?
    }

    fileprivate struct Flight {
        let id: Int
        var waiters: [Int: CheckedContinuation<RefreshOutcome, Never>] = [:]
        var reading: Task<Void, Never>?
    }

    fileprivate struct State {
        var current: Slot?
        var previous: Slot?
        var flight: Flight?
        /// Failures in a row.
        var row = 0
        var retryAt: MonotonicTime?
        var lastRefresh: UnixTime?
        var lastFault: SourceFault?
        var refreshes = 0
        var failures = 0
        var hasToldStale = false
        /// Of the place, when it was read last.
        var mark: FileMark?
        var nextID = 0

        mutating func newID() -> Int {
            nextID += 1
            return nextID
        }
    }

    /// The most callers that may wait for one reading.
    static let mostWaiters = 10_000

    let reference: SourceReference
    let plan: RefreshPlan
    private let surroundings: Surroundings
    private let engine: LendingEngine
    private var clock: any GateClock { engine.clock }
    private let state = Mutex(State())

    init(_ plan: KeyPlan, _ surroundings: Surroundings, _ engine: LendingEngine) {
        reference = plan.source
        self.plan = plan.refresh
        self.surroundings = surroundings
        self.engine = engine
    }

    // MARK: Lending

    /// The key, if there is one that may be used now (SEC-210).
    var key: SecretHolder? {
        state.withLock { state in
            guard let slot = state.current else { return nil }
            // Most keys have no end, and then nobody needs to know the time.
            return slot.usableUntil == .never || clock.monotonic < slot.usableUntil ? slot.holder : nil
        }
    }

    /// The key before the present one, while it may be used.
    var previousKey: SecretHolder? {
        state.withLock { state in
            guard let slot = state.previous else { return nil }
            return slot.usableUntil == .never || clock.monotonic < slot.usableUntil ? slot.holder : nil
        }
    }

    /// Whether this is the present key or the one before.
    func has(_ key: SecretHolder) -> Bool {
        state.withLock { $0.current?.holder === key || $0.previous?.holder === key }
    }

    /// The provider takes the key before, and not the present one.
    func goBack(to key: SecretHolder) {
        state.withLock { state in
            guard state.previous?.holder === key else { return }
            swap(&state.current, &state.previous)
        }
    }

    // MARK: Reading

    /// Takes a key that was read without waiting, before anybody asks for it.
    func open(_ material: consuming KeyMaterial, for lender: any Lender) throws(SourceFault) {
        let (life, expires) = (material.life, material.expires)
        _ = hasChanged()
        let secret = try checked(material)
        let holder = SecretHolder(secret, lender: lender)
        let (now, date) = (clock.monotonic, clock.now)
        state.withLock { state in
            state.current = slot(holder, life, expires, now, date)
            state.refreshes += 1
            state.lastRefresh = date
        }
        engine.figures.refreshes.increment()
    }

    /// Reads the key now, or waits for the reading under way.
    func refresh(for lender: any Lender, _ tell: @escaping @Sendable (Told) -> Void) async -> RefreshOutcome {
        let (waiter, started) = state.withLock { state in
            (state.newID(), state.flight == nil ? state.begin() : nil)
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<RefreshOutcome, Never>) in
                let answer: RefreshOutcome? = state.withLock { state in
                    if Task.isCancelled { return .failed(.givenUp(label: label)) }
                    // It has ended between the two locks.
                    guard let flight = state.flight else { return state.lastFault.map { .failed($0) } ?? .same }
                    guard flight.waiters.count < Self.mostWaiters else { return .failed(.givenUp(label: label)) }
                    state.flight?.waiters[waiter] = continuation
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
                if let started { launch(started, for: lender, tell) }
            }
        } onCancel: {
            state.withLock { $0.flight?.waiters.removeValue(forKey: waiter) }?
                .resume(returning: .failed(.givenUp(label: label)))
        }
    }

    /// What became of a reading.
    enum Told: Sendable {
        case changed
        case failed(SourceFault)
        case stale
    }

    private var label: String { reference.source.label }

    private func launch(_ id: Int, for lender: any Lender, _ tell: @escaping @Sendable (Told) -> Void) {
        let timer = Task { [self] in
            do { try await clock.sleep(seconds: plan.timeout) } catch { return }
            finish(id, .failure(.timedOut(label: label)), tell)
        }
        // On no loop, as a source may block; its own way of being cancelled ends a child process or a request.
        let reading = Task.detached { [self] in
            let result: Result<Read, SourceFault>
            do throws(SourceFault) {
                result = .success(try await read(for: lender))
            } catch {
                result = .failure(error)
            }
            timer.cancel()
            finish(id, result, tell)
        }
        state.withLock { state in
            if state.flight?.id == id { state.flight?.reading = reading } else { reading.cancel() }
        }
    }

    /// What a source gave.
    private struct Read: Sendable {
        let holder: SecretHolder
        let life: Double?
        let expires: UnixTime?
    }

    private func read(for lender: any Lender) async throws(SourceFault) -> Read {
        let material = try await reference.source.fetch(surroundings)
        let (life, expires) = (material.life, material.expires)
        return Read(holder: SecretHolder(try checked(material), lender: lender), life: life, expires: expires)
    }

    private func checked(_ material: borrowing KeyMaterial) throws(SourceFault) -> Secret {
        let source = reference.source
        return try KeyForm.checked(material.secret, trimsLineEnd: type(of: source).trimsLineEnd, label: source.label)
    }

    private func finish(_ id: Int, _ result: Result<Read, SourceFault>, _ tell: @Sendable (Told) -> Void) {
        let (now, date) = (clock.monotonic, clock.now)
        let spread = engine.jitter()
        var told: [Told] = []
        let ended: (flight: Flight, outcome: RefreshOutcome)? = state.withLock { state in
            guard let flight = state.flight, flight.id == id else { return nil }
            state.flight = nil
            switch result {
            case .success(let read):
                let next = slot(read.holder, read.life, read.expires, now, date)
                // A source that gives what is over already has nothing to give.
                guard now < next.usableUntil else {
                    return (flight, state.failed(.expired(label: label), at: now, spread, &told))
                }
                let changed = state.accept(next, at: date)
                if changed { told.append(.changed) }
                return (flight, changed ? .changed : .same)
            case .failure(let fault):
                return (flight, state.failed(fault, at: now, spread, &told))
            }
        }
        guard let (flight, outcome) = ended else { return }
        if case .failed = outcome {
            flight.reading?.cancel()
            engine.figures.failures.increment()
        } else {
            engine.figures.refreshes.increment()
        }
        for waiter in flight.waiters.values { waiter.resume(returning: outcome) }
        for item in told { tell(item) }
    }

    private func slot(
        _ holder: SecretHolder,
        _ life: Double?,
        _ expires: UnixTime?,
        _ now: MonotonicTime,
        _ date: UnixTime
    ) -> Slot {
        // The source's own word on the end is never passed; what the operator has set may be.
        let given = [life, expires.map { $0 - date }].compactMap { $0 }.min()
        let planned = plan.ttl ?? type(of: reference.source).standardTTL
        guard let fresh = [given, planned].compactMap({ $0 }).min() else {
            return Slot(holder: holder, refreshAt: .never, freshUntil: .never, usableUntil: .never, expires: nil)
        }
        let stale = plan.onError == .stale ? fresh + plan.maxStale : fresh
        let usable = min(stale, given ?? stale)
        return Slot(
            holder: holder,
            refreshAt: now.advanced(bySeconds: bounded(fresh * plan.refreshAt)),
            freshUntil: now.advanced(bySeconds: bounded(fresh)),
            usableUntil: now.advanced(bySeconds: bounded(usable)),
            expires: date + fresh
        )
    }

    /// A source may say anything; ten years are as good as for ever.
    private func bounded(_ seconds: Double) -> Double { min(max(seconds, 0), 315_360_000) }

    // MARK: Upkeep

    /// Whether the place has changed since it was looked at last. The first look finds no change: what was read then was
    /// there.
    func hasChanged() -> Bool {
        guard let mark = reference.source.mark else { return false }
        return state.withLock { state in
            defer { state.mark = mark }
            return state.mark.map { $0 != mark } ?? false
        }
    }

    /// Whether the place is to be looked at again and again.
    var isWatched: Bool { reference.source is FileSource }

    /// Seconds until the key has to be read; `nil` when it never has to be.
    func due(at now: MonotonicTime) -> Double? {
        state.withLock { state in
            guard state.flight == nil else { return RefreshPlan.firstPause }
            guard let slot = state.current else {
                return max(state.retryAt.map { $0.seconds(since: now) } ?? 0, 0)
            }
            guard slot.refreshAt != .never || state.retryAt != nil else { return nil }
            let planned = slot.refreshAt == .never ? 0 : slot.refreshAt.seconds(since: now)
            return max(planned, state.retryAt.map { $0.seconds(since: now) } ?? 0, 0)
        }
    }

    /// Whether there is a key that may be used.
    var isUsable: Bool { key != nil }

    func status(at now: MonotonicTime) -> Report {
        state.withLock { state in
            let usable = state.current.map { now < $0.usableUntil } ?? false
            let stale = state.current.map { now >= $0.freshUntil } ?? false
            return Report(
                state: usable ? (stale ? .stale : .good) : .missing,
                expiresAt: state.current?.expires,
                lastRefresh: state.lastRefresh,
                lastFault: state.lastFault,
                refreshes: state.refreshes,
                failures: state.failures
            )
        }
    }

    struct Report {
        let state: KeyStatus.State
        let expiresAt: UnixTime?
        let lastRefresh: UnixTime?
        let lastFault: SourceFault?
        let refreshes: Int
        let failures: Int
    }
}

extension FreshKey.State {
    fileprivate mutating func begin() -> Int {
        let id = newID()
        flight = FreshKey.Flight(id: id)
        return id
    }

    /// Puts what was read in the place of what was there.
    /// - Returns: whether it is another key.
    fileprivate mutating func accept(_ next: FreshKey.Slot, at date: UnixTime) -> Bool {
        row = 0
        retryAt = nil
        lastFault = nil
        hasToldStale = false
        lastRefresh = date
        refreshes += 1
        guard let slot = current else {
            current = next
            return false
        }
        guard !slot.holder.hasSameBytes(as: next.holder) else {
            // The holder stays, and with it what is known of the key and the connections that were made for it.
            current?.refreshAt = next.refreshAt
            current?.freshUntil = next.freshUntil
            current?.usableUntil = next.usableUntil
            current?.expires = next.expires
            return false
        }
        previous = slot
        current = next
        return true
    }

    fileprivate mutating func failed(
        _ fault: SourceFault,
        at now: MonotonicTime,
        _ jitter: Double,
        _ told: inout [FreshKey.Told]
    ) -> RefreshOutcome {
        row += 1
        failures += 1
        retryAt = now.advanced(bySeconds: RefreshPlan.pause(failures: row, isLasting: fault.isLasting, jitter: jitter))
        // One line for each kind of trouble and not one for each attempt.
        if lastFault != fault { told.append(.failed(fault)) }
        lastFault = fault
        if let current, now >= current.freshUntil, now < current.usableUntil, !hasToldStale {
            hasToldStale = true
            told.append(.stale)
        }
        return .failed(fault)
    }
}

extension MonotonicTime {
    static let never = MonotonicTime(nanoseconds: .max)
}
