import OstiaryCore

/// What a peer may cost without asking for anything (SEC-110).
///
/// Two allowances, each refilled with time: frames that carry nothing (settings, pings, priorities, window updates,
/// empty DATA, continuations, unknown types, frames for closed streams), and streams that come to nothing (reset by the
/// peer before their answer was complete, refused, or reset for a fault). Work that is wanted refills them too: a sent
/// DATA frame may well be followed by window updates, as may a request, and who gets many answers may cancel a few. A peer that uses an
/// allowance up is told ENHANCE_YOUR_CALM and disconnected.
struct FloodGuard {
    private var empty = Allowance(capacity: 1000, perSecond: 100)
    private var vain = Allowance(capacity: 100, perSecond: 10)

    /// A frame that carries nothing.
    mutating func spendFrame(at now: MonotonicTime) throws(HTTP2Fault) {
        guard empty.spend(at: now) else { throw HTTP2Fault(.enhanceYourCalm, "too many frames that carry nothing") }
    }

    /// A stream that came to nothing.
    mutating func spendStream(at now: MonotonicTime) throws(HTTP2Fault) {
        guard vain.spend(at: now) else { throw HTTP2Fault(.enhanceYourCalm, "too many streams that come to nothing") }
    }

    mutating func sentData() { empty.give(10) }
    mutating func answered() { vain.give(0.5) }
    mutating func receivedAnswer() { empty.give(10) }
}

/// So many at once and so many a second.
private struct Allowance {
    private let capacity: Double
    private let perSecond: Double
    private var level: Double
    private var since: MonotonicTime?

    init(capacity: Double, perSecond: Double) {
        self.capacity = capacity
        self.perSecond = perSecond
        level = capacity
    }

    mutating func spend(at now: MonotonicTime) -> Bool {
        if let since { level = min(capacity, level + max(0, now.seconds(since: since)) * perSecond) }
        since = now
        guard level >= 1 else { return false }
        level -= 1
        return true
    }

    mutating func give(_ amount: Double) { level = min(capacity, level + amount) }
}
