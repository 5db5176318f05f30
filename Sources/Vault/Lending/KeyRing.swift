import OstiaryCore
import Synchronization

/// The keys of one provider: lends the one whose turn it is, and learns from what the provider says to each.
///
/// With several keys the turns follow their weights, and a key that was refused or throttled rests while another can do
/// its work. A ring lends whenever any of its keys may be used at all: what a provider says of a key is no reason to
/// answer in its place.
final class KeyRing: Lender {
    /// What is known of one key besides what its source says.
    fileprivate struct Mark {
        var turn = 0
        var restsUntil: MonotonicTime?
        var isThrottled = false
        /// Refusals in a row that no other key of the source has healed.
        var refusals = 0
        /// A further refusal before this moment reads nothing.
        var readAgainAt: MonotonicTime?

        func rests(at now: MonotonicTime) -> Bool { restsUntil.map { now < $0 } ?? false }
    }

    /// Seconds that a refused key rests at first; doubled by each further refusal.
    static let firstRest = 30.0
    static let longestRest = 600.0
    /// Seconds that a throttled key rests when the provider does not say, and the most that it may say.
    static let throttleRest = 30.0
    static let longestThrottle = 3600.0
    /// Seconds between two looks at a key's file.
    static let glance = 2.0

    let name: String
    let plans: [KeyPlan]
    let keys: [FreshKey]
    private let marks: Mutex<[Mark]>
    private let engine: LendingEngine
    private var clock: any GateClock { engine.clock }
    private var figures: KeyFigures { engine.figures }

    init(_ name: String, _ plans: [KeyPlan], _ surroundings: Surroundings, _ engine: LendingEngine) {
        self.name = name
        self.plans = plans
        self.engine = engine
        keys = plans.map { FreshKey($0, surroundings.keeping($0.source.source.variables), engine) }
        marks = Mutex(plans.map { _ in Mark() })
    }

    // MARK: Lending

    /// - Throws: `credential_unavailable` when no key may be used.
    func lend() throws(GateError) -> Loan {
        guard let key = next else { throw GateError(.credentialUnavailable, cause: "key_missing") }
        return Loan(of: key)
    }

    /// The key whose turn it is.
    var next: SecretHolder? { keys.count == 1 ? keys[0].key : choose(except: nil) }

    /// The key whose turn it is; of those that rest, only when all do, the one that has rested most.
    private func choose(except excluded: Int?, onlyRested: Bool = false) -> SecretHolder? {
        let now = clock.monotonic
        let held = keys.map(\.key)
        return marks.withLock { marks -> SecretHolder? in
            let usable = keys.indices.filter { held[$0] != nil && $0 != excluded }
            let rested = usable.filter { !marks[$0].rests(at: now) }
            guard !rested.isEmpty else {
                guard !onlyRested else { return nil }
                let next = usable.min { (marks[$0].restsUntil ?? now) < (marks[$1].restsUntil ?? now) }
                return next.flatMap { held[$0] }
            }
            // Smooth weighted turns: nobody gets all of his at once.
            var total = 0
            for index in rested {
                marks[index].turn += plans[index].weight
                total += plans[index].weight
            }
            guard let next = rested.max(by: { marks[$0].turn < marks[$1].turn }) else { return nil }
            marks[next].turn -= total
            return held[next]
        }
    }

    // MARK: What providers say

    func accepted(_ key: SecretHolder) {
        key.isInDoubt = false
        guard let index = keys.firstIndex(where: { $0.has(key) }) else { return }
        let wasRefused = marks.withLock { marks in
            defer { marks[index] = Mark(turn: marks[index].turn) }
            return marks[index].refusals > 0
        }
        // The present one was refused, and this is the one before.
        if wasRefused { keys[index].goBack(to: key) }
        if wasRefused { engine.notice(.accepted(label(index))) }
    }

    func throttled(_ key: SecretHolder, seconds: Double?) -> Loan? {
        guard keys.count > 1, let index = keys.firstIndex(where: { $0.has(key) }) else { return nil }
        key.isInDoubt = true
        let rest = min(max(seconds ?? Self.throttleRest, 1), Self.longestThrottle)
        let until = clock.monotonic.advanced(bySeconds: rest)
        marks.withLock { marks in
            marks[index].restsUntil = max(marks[index].restsUntil ?? until, until)
            marks[index].isThrottled = true
        }
        figures.throttled.increment()
        guard let other = choose(except: index, onlyRested: true) else { return nil }
        return Loan(of: other)
    }

    func refused(_ key: SecretHolder, isForbidden: Bool) async -> Loan? {
        guard keys.count > 1 || !isForbidden else { return nil }
        figures.refused.increment()
        guard let index = keys.firstIndex(where: { $0.has(key) }) else {
            // Two keys have come since; the refusal is old.
            guard let next, next !== key else { return nil }
            return Loan(of: next)
        }
        if keys.count > 1 {
            rest(index, key)
            if let other = choose(except: index, onlyRested: true) {
                Task.detached { [self] in _ = await another(than: key, at: index) }
                return Loan(of: other)
            }
        }
        guard let other = await another(than: key, at: index) else { return nil }
        return Loan(of: other)
    }

    /// Another key of the same source: one that has come meanwhile, the one that it gives when asked again, or the one
    /// before.
    private func another(than key: SecretHolder, at index: Int) async -> SecretHolder? {
        let fresh = keys[index]
        if let present = fresh.key, present !== key, !present.isInDoubt { return present }
        key.isInDoubt = true
        let now = clock.monotonic
        let mayRead = marks.withLock { marks in marks[index].readAgainAt.map { now >= $0 } ?? true }
        if mayRead {
            _ = await refresh(index)
            if let present = fresh.key, present !== key, !present.isInDoubt {
                marks.withLock { $0[index] = Mark(turn: $0[index].turn) }
                return present
            }
            giveUp(on: index)
        }
        guard let before = fresh.previousKey, before !== key, !before.isInDoubt else { return nil }
        return before
    }

    /// The source gives nothing else: somebody has to do something.
    private func giveUp(on index: Int) {
        let pause = engine.jitter()
        let now = clock.monotonic
        let isFirst = marks.withLock { marks in
            // Those who waited for the same reading come one after the other.
            if let again = marks[index].readAgainAt, now < again { return false }
            marks[index].refusals += 1
            marks[index].readAgainAt = now.advanced(
                bySeconds: RefreshPlan.pause(failures: marks[index].refusals, jitter: pause)
            )
            return marks[index].refusals == 1
        }
        if isFirst { engine.notice(.refused(label(index))) }
    }

    private func rest(_ index: Int, _ key: SecretHolder) {
        key.isInDoubt = true
        let now = clock.monotonic
        marks.withLock { marks in
            guard !marks[index].rests(at: now) || marks[index].isThrottled else { return }
            var rest = Self.firstRest
            for _ in 0..<marks[index].refusals where rest < Self.longestRest { rest *= 2 }
            marks[index].restsUntil = now.advanced(bySeconds: min(rest, Self.longestRest))
            marks[index].isThrottled = false
        }
    }

    // MARK: Reading

    @discardableResult
    func refresh(_ index: Int) async -> RefreshOutcome {
        await keys[index].refresh(for: self) { [self] told in
            switch told {
            case .changed:
                // What was said of the key before is not said of this one.
                marks.withLock { $0[index] = Mark(turn: $0[index].turn) }
                figures.changed.increment()
                engine.notice(.changed(label(index)))
            case .failed(let fault):
                engine.notice(.refreshFailed(label(index), fault))
            case .stale: engine.notice(.stale(label(index)))
            }
        }
    }

    /// Reads one key whenever it is due, until the task is cancelled.
    func maintain(_ index: Int) async {
        while !Task.isCancelled {
            var due = keys[index].due(at: clock.monotonic)
            if keys[index].hasChanged() || due.map({ $0 <= 0 }) ?? false {
                _ = await refresh(index)
                due = keys[index].due(at: clock.monotonic)
            }
            // A floor, so that nothing can make this a busy loop, and a ceiling, as somebody else may read the key too.
            let longest = keys[index].isWatched ? Self.glance : RefreshPlan.longestPause
            let pause = min(max(due ?? longest, RefreshPlan.firstPause), longest)
            do { try await clock.sleep(seconds: pause) } catch { return }
        }
    }

    // MARK: Showing

    var statuses: [KeyStatus] {
        let now = clock.monotonic
        let marks = marks.withLock { $0 }
        return keys.indices.map { index in
            let report = keys[index].status(at: now)
            var state = report.state
            if state != .missing, marks[index].refusals > 0 {
                state = .refused
            } else if state != .missing, marks[index].rests(at: now) {
                state = marks[index].isThrottled ? .throttled : .refused
            }
            return KeyStatus(
                name: name,
                index: index,
                source: type(of: keys[index].reference.source).kind,
                place: keys[index].reference.description,
                state: state,
                expiresAt: report.expiresAt,
                lastRefresh: report.lastRefresh,
                lastError: report.lastFault?.description,
                refreshes: report.refreshes,
                failures: report.failures
            )
        }
    }

    private func label(_ index: Int) -> KeyLabel {
        KeyLabel(name: name, index: index, place: keys[index].reference.description)
    }
}
