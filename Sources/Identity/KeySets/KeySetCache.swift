import Crypto
import OstiaryCore
import Synchronization

/// One issuer's key set, kept fresh (RFC 7517).
///
/// A look-up that finds its key takes one short lock and never waits, however the issuer behaves. Only an empty cache
/// and a key name that was never seen make a caller wait, all of them for the same one attempt. A failed attempt
/// changes nothing but the time of the next one, and is answered as `keysUnavailable`, never as an unknown key.
public final class KeySetCache: Sendable {
    /// One set, never changed after it was read.
    fileprivate struct Snapshot {
        let keys: KeySet
        let digest: SHA256Digest
        let read: MonotonicTime
        let freshUntil: MonotonicTime
        let usableUntil: MonotonicTime
    }

    fileprivate struct Flight {
        let id: Int
        var waiters: [Int: CheckedContinuation<Bool, Never>] = [:]
        var reading: Task<Void, Never>?
    }

    fileprivate struct State {
        var snapshot: Snapshot?
        var flight: Flight?
        var lastAttempt: MonotonicTime?
        var failures = 0
        var retryAt: MonotonicTime?
        var absent = AbsentNames()
        var lastStaleNotice: MonotonicTime?
        var nextID = 0

        mutating func newID() -> Int {
            nextID += 1
            return nextID
        }
    }

    /// A key, and until when it may be used without looking again.
    struct Found {
        let key: VerificationKey
        let usableUntil: MonotonicTime
        /// The generation from before the key was looked up: a swap in between makes what the key verifies short-lived,
        /// never long-lived.
        let generation: UInt64
    }

    private enum Look {
        case found(Found)
        case refused(TokenFault)
        case wait
    }

    private let state = Mutex(State())
    private let source: any KeySetSource
    let algorithms: [SignatureAlgorithm]
    private let schedule: KeySetSchedule
    private let clock: any GateClock
    private let generation: KeyGeneration.Keys
    private let figures: KeySetFigures
    private let jitter: @Sendable () -> Double
    private let notice: @Sendable (KeySetNotice) -> Void

    init(
        source: any KeySetSource,
        algorithms: [SignatureAlgorithm],
        schedule: KeySetSchedule,
        clock: any GateClock,
        generation: KeyGeneration.Keys,
        figures: KeySetFigures,
        jitter: @escaping @Sendable () -> Double,
        notice: @escaping @Sendable (KeySetNotice) -> Void
    ) {
        self.source = source
        self.algorithms = algorithms
        self.schedule = schedule
        self.clock = clock
        self.generation = generation
        self.figures = figures
        self.jitter = jitter
        self.notice = notice
    }

    deinit {
        let absent = state.withLock { $0.absent.count }
        figures.absentNames.add(-Int64(absent))
    }

    /// Where the set is read from.
    var place: KeySetPlace? { source.place }

    // MARK: Looking up

    /// The key for a token whose unverified claims are acceptable. Suspends only when the cache is empty or the name is
    /// new, and then at most for one attempt.
    /// - Throws: `unknownKey`, `ambiguousKey`, `algKeyMismatch`, `keysUnavailable`.
    nonisolated(nonsending) func key(
        named name: String?,
        for algorithm: SignatureAlgorithm
    ) async throws(TokenFault) -> Found {
        switch look(name, algorithm) {
        case .found(let found): return found
        case .refused(let fault): throw fault
        case .wait: break
        }
        guard await wait() else { throw .keysUnavailable }
        return try lookAgain(name, algorithm)
    }

    /// The key if it is at hand; causes no attempt and never waits.
    func keyAtHand(named name: String?, for algorithm: SignatureAlgorithm) -> VerificationKey? {
        let now = clock.monotonic
        let keys = state.withLock { $0.usable(at: now)?.keys }
        guard case .found(let key) = keys?.match(name: name, algorithm: algorithm) else { return nil }
        return key
    }

    private func look(_ name: String?, _ algorithm: SignatureAlgorithm) -> Look {
        let now = clock.monotonic
        let generation = generation.current
        var started: Int?
        let look = state.withLock { state in
            guard let snapshot = state.usable(at: now) else {
                if state.flight == nil {
                    guard state.mayAttempt(at: now) else { return Look.refused(.keysUnavailable) }
                    started = state.begin(at: now)
                }
                return .wait
            }
            if now >= snapshot.freshUntil, state.flight == nil, state.mayAttempt(at: now) {
                started = state.begin(at: now)
            }
            switch snapshot.keys.match(name: name, algorithm: algorithm) {
            case .found(let key):
                return .found(Found(key: key, usableUntil: snapshot.usableUntil, generation: generation))
            case .ambiguous: return .refused(.ambiguousKey)
            case .mismatch: return .refused(.algKeyMismatch)
            case .absent: return lookForAbsent(name, &state, now, &started)
            }
        }
        if let started { launch(started) }
        return look
    }

    private func lookForAbsent(
        _ name: String?,
        _ state: inout State,
        _ now: MonotonicTime,
        _ started: inout Int?
    ) -> Look {
        guard let name, !state.absent.contains(name, at: now) else { return .refused(.unknownKey) }
        if state.flight != nil { return .wait }
        // A failure does not tell what keys there are.
        let answer = state.failures > 0 ? TokenFault.keysUnavailable : .unknownKey
        if let last = state.lastAttempt, now.seconds(since: last) < schedule.coolDown { return .refused(answer) }
        guard state.mayAttempt(at: now) else { return .refused(answer) }
        started = state.begin(at: now)
        return .wait
    }

    private func lookAgain(_ name: String?, _ algorithm: SignatureAlgorithm) throws(TokenFault) -> Found {
        let now = clock.monotonic
        let generation = generation.current
        let look = state.withLock { state in
            guard let snapshot = state.usable(at: now) else { return Look.refused(.keysUnavailable) }
            switch snapshot.keys.match(name: name, algorithm: algorithm) {
            case .found(let key):
                return .found(Found(key: key, usableUntil: snapshot.usableUntil, generation: generation))
            case .ambiguous: return .refused(.ambiguousKey)
            case .mismatch: return .refused(.algKeyMismatch)
            case .absent:
                if state.failures > 0 { return .refused(.keysUnavailable) }
                if let name {
                    let before = state.absent.count
                    state.absent.insert(name, at: now)
                    figures.absentNames.add(Int64(state.absent.count - before))
                }
                return .refused(.unknownKey)
            }
        }
        switch look {
        case .found(let found): return found
        case .refused(let fault): throw fault
        case .wait: throw .keysUnavailable
        }
    }

    // MARK: Waiting

    /// Waits for the attempt under way, if there still is one. `false` when too many wait already or the waiting task
    /// was cancelled; that does not cancel the attempt.
    private nonisolated(nonsending) func wait() async -> Bool {
        let id = state.withLock { $0.newID() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { (waiter: CheckedContinuation<Bool, Never>) in
                let answer: Bool? = state.withLock { state in
                    if Task.isCancelled { return false }
                    guard let flight = state.flight else { return true }
                    guard flight.waiters.count < schedule.waiters else {
                        figures.turnedAway.increment()
                        return false
                    }
                    state.flight?.waiters[id] = waiter
                    figures.waiters.add(1)
                    return nil
                }
                if let answer { waiter.resume(returning: answer) }
            }
        } onCancel: {
            let waiter = state.withLock { $0.flight?.waiters.removeValue(forKey: id) }
            if let waiter {
                figures.waiters.add(-1)
                waiter.resume(returning: false)
            }
        }
    }

    // MARK: Attempts

    /// Runs the attempt that `begin` has entered, with an end of its own, since a source might not keep to its time.
    private func launch(_ id: Int) {
        let timer = Task { [self] in
            do { try await clock.sleep(seconds: schedule.attempt) } catch { return }
            finish(id, .failure(.timedOut))
        }
        let reading = Task { [self] in
            let result: Swift.Result<FetchedDocument, FetchFailure>
            do throws(FetchFailure) {
                result = .success(try await source.read(limit: schedule.document, seconds: schedule.attempt))
            } catch {
                result = .failure(error)
            }
            timer.cancel()
            finish(id, result)
        }
        state.withLock { state in
            if state.flight?.id == id { state.flight?.reading = reading }
        }
    }

    private func finish(_ id: Int, _ result: Swift.Result<FetchedDocument, FetchFailure>) {
        var outcome = KeySetFigures.Result.ok
        var read: (keys: KeySet, digest: SHA256Digest, maxAge: Int?)?
        switch result {
        case .failure(let failure): outcome = .init(failure)
        case .success(let document) where document.body.count > schedule.document: outcome = .tooLarge
        case .success(let document):
            do throws(KeySet.Fault) {
                let keys = try KeySet(document: document.body, allowing: algorithms)
                read = (keys, SHA256.hash(data: document.body), document.maxAge)
            } catch {
                outcome = error == .malformed ? .malformed : .noUsableKey
            }
        }

        let now = clock.monotonic
        let pause = jitter()
        var changed = false
        let flight: Flight? = state.withLock { state in
            guard let flight = state.flight, flight.id == id else { return nil }
            state.flight = nil
            if let read {
                let known = state.snapshot?.digest
                changed = known != read.digest
                let start = state.lastAttempt ?? now
                let fresh = schedule.freshness(maxAge: read.maxAge)
                state.snapshot = Snapshot(
                    keys: read.keys,
                    digest: read.digest,
                    read: start,
                    freshUntil: start.advanced(bySeconds: fresh),
                    usableUntil: start.advanced(bySeconds: fresh + schedule.stale)
                )
                state.failures = 0
                state.retryAt = nil
                let before = state.absent.count
                state.absent.removeAll()
                figures.absentNames.add(Int64(state.absent.count - before))
                // After the swap: whoever reads the new number reads the new keys. A first set ends nothing.
                if changed, known != nil { generation.advance() }
            } else {
                state.failures += 1
                state.retryAt = now.advanced(bySeconds: schedule.pause(failures: state.failures, jitter: pause))
            }
            return flight
        }
        guard let flight else { return }
        figures.count(outcome)
        if outcome == .timedOut { flight.reading?.cancel() }
        figures.waiters.add(-Int64(flight.waiters.count))
        for waiter in flight.waiters.values { waiter.resume(returning: true) }
        if let read, changed {
            for key in read.keys.dropped { notice(.keyDropped(position: key.position, key.fault)) }
        }
        if outcome != .ok { sayFailed(outcome, at: now) }
    }

    private func sayFailed(_ outcome: KeySetFigures.Result, at now: MonotonicTime) {
        notice(.refreshFailed(outcome.rawValue))
        let age: Double? = state.withLock { state in
            guard let snapshot = state.snapshot, now >= snapshot.freshUntil else { return nil }
            if let last = state.lastStaleNotice, now.seconds(since: last) < 60 { return nil }
            state.lastStaleNotice = now
            return now.seconds(since: snapshot.read)
        }
        if let age { notice(.stale(ageSeconds: Int(age))) }
    }

    // MARK: Upkeep

    /// Reads the set once, or joins the attempt under way, and tells whether a usable set is there afterwards.
    public func prime() async -> Bool {
        let now = clock.monotonic
        var started: Int?
        let waits = state.withLock { state in
            if let snapshot = state.usable(at: now), now < snapshot.freshUntil { return false }
            if state.flight == nil {
                guard state.mayAttempt(at: now) else { return false }
                started = state.begin(at: now)
            }
            return true
        }
        if let started { launch(started) }
        if waits { _ = await wait() }
        let after = clock.monotonic
        return state.withLock { $0.usable(at: after) != nil }
    }

    /// Whether there is a set that may be used.
    var isUsable: Bool {
        let now = clock.monotonic
        return state.withLock { $0.usable(at: now) != nil }
    }

    /// Reads the set now, however fresh it is and whatever failed before, and tells whether that went well. The set of
    /// before stays where it did not.
    func reread() async -> Bool {
        // What is being read already may be older than what the operator means.
        if state.withLock({ $0.flight != nil }) { _ = await wait() }
        let now = clock.monotonic
        let started: Int? = state.withLock { $0.flight == nil ? $0.begin(at: now) : nil }
        if let started { launch(started) }
        _ = await wait()
        return state.withLock { $0.failures == 0 }
    }

    /// Reads the set whenever it is due, also while no call comes, until the task is cancelled. Without this an idle
    /// gate would grow stale, and one that started without keys would stay unready.
    public func maintain() async {
        while !Task.isCancelled {
            let now = clock.monotonic
            let due: Double = state.withLock { state in
                let fresh = state.snapshot.map { $0.freshUntil.seconds(since: now) } ?? 0
                let allowed = state.retryAt.map { $0.seconds(since: now) } ?? 0
                return max(fresh, allowed)
            }
            if due <= 0 { _ = await prime() }
            // A floor, so that nothing that prevents an attempt can make this a busy loop.
            do { try await clock.sleep(seconds: max(due, schedule.firstPause)) } catch { return }
        }
    }

    /// The set as `/health` shows it.
    public var status: KeySetStatus {
        let now = clock.monotonic
        return state.withLock { state in
            KeySetStatus(
                usable: state.usable(at: now)?.keys.keys.count ?? 0,
                ageSeconds: state.snapshot.map { Int(now.seconds(since: $0.read)) },
                stale: state.snapshot.map { now >= $0.freshUntil } ?? false,
                failures: state.failures
            )
        }
    }
}

extension KeySetCache.State {
    fileprivate func usable(at now: MonotonicTime) -> KeySetCache.Snapshot? {
        guard let snapshot, now < snapshot.usableUntil else { return nil }
        return snapshot
    }

    /// Whether the pause after the last failure is over.
    fileprivate func mayAttempt(at now: MonotonicTime) -> Bool {
        retryAt.map { now >= $0 } ?? true
    }

    /// Enters an attempt and returns its number; the caller launches it outside the lock.
    fileprivate mutating func begin(at now: MonotonicTime) -> Int {
        let id = newID()
        flight = KeySetCache.Flight(id: id)
        lastAttempt = now
        return id
    }
}
