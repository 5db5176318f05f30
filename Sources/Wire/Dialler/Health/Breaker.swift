public import OstiaryCore
import Synchronization

/// Leaves a provider alone that fails again and again: closed while it answers, open for some seconds after it failed
/// too often, half open while a few calls find out whether it is back (SEC-702).
///
/// Shared by all workers. While the provider is well, a call costs one relaxed load before and one after it; only
/// after a failure is anything counted, for as long as a window of ten seconds lasts.
///
/// What counts is whether the provider could be talked to, not what it said: no connection, no answer in time, an answer
/// that cannot be read or breaks off, 502, 503, 504 and the 52x of a proxy in front of it. A 500 may be the work of
/// one caller's question, so it counts towards the share of failures and not towards those in a row: nobody may shut
/// the others out with a question that always fails. A client that leaves counts for nothing.
public final class Breaker: Sendable {
    public struct Settings: Hashable, Sendable {
        /// Failures in a row that open it; 0 switches the breaker off.
        public var failures = 5
        /// The share of failures, in percent, that opens it when at least `leastCalls` ended within the window.
        public var share = 50
        /// Seconds until it is tried whether the provider is back.
        public var openTime = 10.0
        /// Calls that try it at once, and that must succeed for it to close.
        public var probes = 1

        public init() {}
    }

    /// Calls within the window below which a share says nothing.
    static let leastCalls = 20
    /// Seconds.
    static let window = 10.0

    /// What it is doing. The raw values are those of the metric.
    public enum State: Int, Sendable, CaseIterable {
        case closed = 0
        case halfOpen = 1
        case open = 2

        public var name: StaticString {
            switch self {
            case .closed: "closed"
            case .halfOpen: "half_open"
            case .open: "open"
            }
        }
    }

    /// How a call was let in.
    enum Admission {
        case ordinary
        /// The call tries whether the provider is back; its end decides.
        case probe
    }

    /// How a call that was let in ended, as far as the provider is concerned.
    enum Verdict {
        case success
        case failure
        /// A failure that one caller may have brought about alone.
        case doubtful
        /// Nothing is known: the client left.
        case none
    }

    private struct Book {
        var state = State.closed
        var inARow = 0
        var calls = 0
        var failures = 0
        var windowStart = MonotonicTime(nanoseconds: 0)
        var openUntil = MonotonicTime(nanoseconds: 0)
        var probes = 0
        var probesUntil = MonotonicTime(nanoseconds: 0)
        var successes = 0
    }

    public let settings: Settings
    private let notice: (@Sendable (State) -> Void)?
    /// False while the provider is well and nothing is counted.
    private let isTroubled = Atomic<Bool>(false)
    private let book = Mutex(Book())
    private let refused = Counter()
    private let changes = [Counter(), Counter(), Counter()]

    /// - Parameter notice: told of every change, on the loop of the call that brought it about.
    public init(_ settings: Settings = Settings(), notice: (@Sendable (State) -> Void)? = nil) {
        self.settings = settings
        self.notice = notice
    }

    /// Lets a call in.
    /// - Throws: `.upstreamUnreachable` with the time after which to come again, while the provider is left alone.
    @inline(__always)
    func admit(at now: @autoclosure () -> MonotonicTime) throws(GateError) -> Admission {
        guard isTroubled.load(ordering: .relaxed) else { return .ordinary }
        return try admitInTrouble(at: now())
    }

    private func admitInTrouble(at now: MonotonicTime) throws(GateError) -> Admission {
        enum Decision {
            case admit(Admission, changed: Bool)
            case refuse(seconds: Double)
        }
        let decision: Decision = book.withLock { book in
            switch book.state {
            case .closed:
                return .admit(.ordinary, changed: false)
            case .open:
                guard now >= book.openUntil else { return .refuse(seconds: book.openUntil.seconds(since: now)) }
                book.state = .halfOpen
                book.successes = 0
                book.probes = 1
                book.probesUntil = now.advanced(bySeconds: settings.openTime)
                return .admit(.probe, changed: true)
            case .halfOpen:
                // A probe that takes for ever must not keep everybody out.
                if now >= book.probesUntil { book.probes = 0 }
                guard book.probes + book.successes < settings.probes else { return .refuse(seconds: 1) }
                book.probes += 1
                book.probesUntil = now.advanced(bySeconds: settings.openTime)
                return .admit(.probe, changed: false)
            }
        }
        switch decision {
        case .admit(let admission, let changed):
            if changed { tell(.halfOpen) }
            return admission
        case .refuse(let seconds):
            refused.increment()
            let whole = Int(max(1, seconds.rounded(.up)))
            throw GateError(.upstreamUnreachable, cause: "breaker_open", retry: .after(seconds: whole))
        }
    }

    /// Notes how a call ended. Each that was let in has one verdict; a probe has one for its answer's head, and goes on
    /// as an ordinary call.
    @inline(__always)
    func ended(_ verdict: Verdict, _ admission: Admission, at now: @autoclosure () -> MonotonicTime) {
        if case .success = verdict, !isTroubled.load(ordering: .relaxed) { return }
        if case .none = verdict, case .ordinary = admission { return }
        note(verdict, admission, at: now())
    }

    private func note(_ verdict: Verdict, _ admission: Admission, at now: MonotonicTime) {
        guard settings.failures > 0 else { return }
        let change: State? = book.withLock { book in
            switch (book.state, admission) {
            case (.closed, _):
                return count(verdict, &book, now)
            case (.halfOpen, .probe):
                book.probes = max(0, book.probes - 1)
                return judge(verdict, &book, now)
            case (.halfOpen, .ordinary), (.open, _):
                // A call from before says nothing about now.
                return nil
            }
        }
        if let change { tell(change) }
    }

    /// Counts a call's end while calls pass, and returns what that changes.
    private func count(_ verdict: Verdict, _ book: inout Book, _ now: MonotonicTime) -> State? {
        if now.seconds(since: book.windowStart) > Self.window || book.failures == 0 {
            book.windowStart = now
            book.calls = 0
            book.failures = 0
        }
        switch verdict {
        case .none: return nil
        case .success:
            book.calls += 1
            book.inARow = 0
            if book.failures == 0 { isTroubled.store(false, ordering: .relaxed) }
            return nil
        case .failure: book.inARow += 1
        case .doubtful: break
        }
        book.calls += 1
        book.failures += 1
        isTroubled.store(true, ordering: .relaxed)
        let isTooMany = book.calls >= Self.leastCalls && book.failures * 100 >= settings.share * book.calls
        guard book.inARow >= settings.failures || isTooMany else { return nil }
        return open(&book, now)
    }

    /// Takes a probe's word for it.
    private func judge(_ verdict: Verdict, _ book: inout Book, _ now: MonotonicTime) -> State? {
        switch verdict {
        case .none: return nil
        case .failure, .doubtful: return open(&book, now)
        case .success:
            book.successes += 1
            guard book.successes >= settings.probes else { return nil }
            book = Book()
            isTroubled.store(false, ordering: .relaxed)
            return .closed
        }
    }

    private func open(_ book: inout Book, _ now: MonotonicTime) -> State {
        book = Book()
        book.state = .open
        book.openUntil = now.advanced(bySeconds: settings.openTime)
        return .open
    }

    private func tell(_ state: State) {
        changes[state.rawValue].increment()
        notice?(state)
    }
}

extension Breaker {
    /// What it is doing and since when it counts, for the operator.
    public struct Report: Sendable {
        public let state: State
        public let failuresInARow: Int
        /// Seconds until it is tried whether the provider is back; `nil` unless it is open.
        public let seconds: Double?
    }

    public func report(at now: MonotonicTime) -> Report {
        book.withLock { book in
            Report(
                state: book.state,
                failuresInARow: book.inARow,
                seconds: book.state == .open ? max(0, book.openUntil.seconds(since: now)) : nil
            )
        }
    }

    /// - Parameter provider: the name under which the numbers are shown.
    public func instruments(provider: String) -> [Instrument] {
        let label = ("provider", provider)
        var list = [
            Instrument(
                "gw_upstream_breaker",
                .gauge,
                "Whether a provider is left alone: 0 closed, 1 half open, 2 open.",
                labels: [label]
            ) { [self] in Double(book.withLock { $0.state.rawValue }) },
            Instrument(
                "gw_upstream_breaker_refused_total",
                .counter,
                "Calls refused because a provider is left alone.",
                labels: [label]
            ) { [self] in Double(refused.current) },
        ]
        for state in State.allCases {
            list.append(
                Instrument(
                    "gw_upstream_breaker_changes_total",
                    .counter,
                    "Changes of a provider's breaker, by the state they led to.",
                    labels: [label, ("to", "\(state.name)")]
                ) { [self] in Double(changes[state.rawValue].current) }
            )
        }
        return list
    }
}
