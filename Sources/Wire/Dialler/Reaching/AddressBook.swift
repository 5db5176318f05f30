public import OstiaryCore
import Synchronization

/// Remembers what names lead to, for all workers: one question at a time for each name, and none while the last answer
/// is fresh.
///
/// An answer is fresh for 30 s. For 5 min more it is still given, at once, while the next question is on its way, so
/// that neither a slow name server nor one that is away holds anybody up; when nothing answers at an old address, the
/// page is torn out. The system's resolver does not tell for how long an answer is good, so none is believed longer.
/// Addresses are judged each time they are used, not when they are written down.
public final class AddressBook: Sendable {
    /// Seconds for which nobody asks again.
    static let fresh = 30.0
    /// Seconds for which an answer is given at all.
    static let usable = 330.0
    /// Seconds for which a name that leads nowhere is not asked for again.
    static let pause = 1.0
    /// Names that are remembered; beyond them the one that was asked for longest ago is forgotten.
    static let names = 512
    /// Who may wait for one name; further ones are refused at once.
    static let waiters = 4096

    enum Answer {
        case known([IPAddress], isFresh: Bool)
        case unknown
        /// The callback will be called, from any thread.
        case asked
    }

    typealias Callback = @Sendable ([IPAddress]) -> Void

    private struct Page {
        var addresses: [IPAddress] = []
        var askedAt = MonotonicTime(nanoseconds: 0)
        /// When the answer that is here was asked for.
        var answeredAt: MonotonicTime?
        var failedAt: MonotonicTime?
        var isAsking = false
        var waiters: [Callback] = []
    }

    private let resolver: any Resolver
    private let pages = Mutex<[String: Page]>([:])
    private let questions = Counter()
    private let failures = Counter()

    public init(resolver: any Resolver = SystemResolver()) {
        self.resolver = resolver
    }

    /// What is known about `name`, which is asked for if need be.
    /// - Parameter callback: gets the addresses once they are known, none if the name leads nowhere; called only after
    ///   `.asked`.
    func look(up name: String, at now: MonotonicTime, _ callback: @escaping Callback) -> Answer {
        let (answer, asks): (Answer, Bool) = pages.withLock { pages in
            var page = pages[name] ?? Page()
            let answer: Answer
            let age = page.answeredAt.map { now.seconds(since: $0) } ?? .infinity
            if age < Self.fresh { return (.known(page.addresses, isFresh: true), false) }
            if age < Self.usable {
                answer = .known(page.addresses, isFresh: false)
            } else if let failedAt = page.failedAt, now.seconds(since: failedAt) < Self.pause {
                return (.unknown, false)
            } else if page.waiters.count >= Self.waiters {
                return (.unknown, false)
            } else {
                page.waiters.append(callback)
                answer = .asked
            }
            let rests = page.failedAt.map { now.seconds(since: $0) < Self.pause } ?? false
            let asks = !page.isAsking && !rests
            if asks {
                page.isAsking = true
                page.askedAt = now
            }
            if pages[name] == nil, !Self.makeRoom(in: &pages) { return (.unknown, false) }
            pages[name] = page
            return (answer, asks)
        }
        if asks { ask(name, at: now) }
        return answer
    }

    /// Forgets what is known about `name`, as nothing answered there.
    func tear(out name: String) {
        pages.withLock { pages in
            pages[name]?.answeredAt = nil
            pages[name]?.addresses = []
        }
    }

    private func ask(_ name: String, at now: MonotonicTime) {
        questions.increment()
        Task.detached { [self] in
            do throws(ResolveFailure) {
                answered(name, try await resolver.addresses(of: name), at: now)
            } catch {
                failures.increment()
                answered(name, [], at: now)
            }
        }
    }

    private func answered(_ name: String, _ addresses: [IPAddress], at asked: MonotonicTime) {
        let waiters = pages.withLock { pages in
            guard var page = pages[name] else { return [Callback]() }
            if addresses.isEmpty {
                page.failedAt = asked
            } else {
                page.addresses = addresses
                page.answeredAt = asked
                page.failedAt = nil
            }
            page.isAsking = false
            let waiters = page.waiters
            page.waiters = []
            pages[name] = page
            return waiters
        }
        for waiter in waiters { waiter(addresses) }
    }

    /// False when every name that is known is being asked for.
    private static func makeRoom(in pages: inout [String: Page]) -> Bool {
        guard pages.count >= names else { return true }
        let oldest = pages.filter { !$0.value.isAsking }.min { $0.value.askedAt < $1.value.askedAt }
        guard let oldest else { return false }
        pages[oldest.key] = nil
        return true
    }

    public var instruments: [Instrument] {
        [
            Instrument("gw_resolver_names", .gauge, "Names whose addresses are remembered.") { [self] in
                Double(pages.withLock { $0.count })
            },
            Instrument("gw_resolver_names_limit", .gauge, "The most names that are remembered.") {
                Double(Self.names)
            },
            Instrument("gw_resolver_questions_total", .counter, "Questions to the system's resolver.") { [self] in
                Double(questions.current)
            },
            Instrument("gw_resolver_failures_total", .counter, "Questions that led to no address.") { [self] in
                Double(failures.current)
            },
        ]
    }
}
