public import OstiaryCore

/// How many requests may be sent once more: a fifth of those of the last ten to twenty seconds, and three whatever
/// those were, so that a provider that closes every connection is not asked everything twice (SEC-505).
///
/// Each worker keeps one for each target.
public struct RetryBudget: Sendable {
    /// Seconds.
    static let window = 10.0
    static let floor = 3
    /// One retry for so many requests.
    static let share = 5

    // Long ago, but not so long that a difference to it could overflow.
    private var windowStart = MonotonicTime(nanoseconds: .min / 2)
    private var requests = 0
    private var requestsBefore = 0
    private var retries = 0
    private var retriesBefore = 0

    public init() {}

    /// Counts a request.
    @inline(__always)
    public mutating func noteRequest(at now: MonotonicTime) {
        if now.nanoseconds &- windowStart.nanoseconds > Int64(Self.window * 1e9) { turn(now) }
        requests &+= 1
    }

    /// Takes one retry out; false when there is none left.
    public mutating func takeRetry(at now: MonotonicTime) -> Bool {
        if now.nanoseconds &- windowStart.nanoseconds > Int64(Self.window * 1e9) { turn(now) }
        guard retries + retriesBefore < Self.floor + (requests + requestsBefore) / Self.share else { return false }
        retries += 1
        return true
    }

    /// Whether nothing of it matters any more.
    func isForgotten(at now: MonotonicTime) -> Bool {
        now.nanoseconds &- windowStart.nanoseconds > Int64(2 * Self.window * 1e9)
    }

    private mutating func turn(_ now: MonotonicTime) {
        let isNext = !isForgotten(at: now)
        requestsBefore = isNext ? requests : 0
        retriesBefore = isNext ? retries : 0
        requests = 0
        retries = 0
        windowStart = now
    }
}
