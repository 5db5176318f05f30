/// When a key is read again, and how long one is used that could not be.
public struct RefreshPlan: Hashable, Sendable {
    /// What happens to a key whose time is over while its source gives no other.
    public enum OnError: String, Hashable, Sendable, CaseIterable {
        /// It is used on, for `maxStale` at most.
        case stale
        /// It is not lent any more.
        case fail
    }

    /// Seconds for which a key is good; `nil` for as long as its source says, and for good where it says nothing.
    public var ttl: Double?
    /// The part of that time after which it is read again.
    public var refreshAt = 0.8
    /// The most seconds that one reading may take.
    public var timeout = 10.0
    public var onError = OnError.stale
    /// Seconds beyond `ttl`. An end that the source itself has named is never passed.
    public var maxStale = 86_400.0
    /// Seconds after a first failure; doubled by each further one up to `longestPause`, ±20 %.
    static let firstPause = 1.0
    static let longestPause = 60.0

    public init() {}

    /// Seconds until the next attempt after `failures` in a row.
    /// - Parameters:
    ///   - isLasting: the source has said that trying again is in vain until somebody changes something.
    ///   - jitter: from 0 to 1.
    static func pause(failures: Int, isLasting: Bool = false, jitter: Double) -> Double {
        var pause = firstPause
        for _ in 1..<max(failures, 1) where pause < longestPause { pause *= 2 }
        if isLasting { pause = longestPause }
        return max(min(pause, longestPause) * (0.8 + 0.4 * jitter), firstPause)
    }
}
