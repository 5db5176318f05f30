/// When a key set is read, and how long it is used.
public struct KeySetSchedule: Hashable, Sendable {
    /// Seconds for which a set is fresh when the issuer does not say.
    public var fresh = 600.0
    /// The bounds in seconds between which `Cache-Control: max-age` is honoured.
    public var honoured = 60.0...3600.0
    /// Seconds beyond freshness for which a set is used while no newer one can be had.
    public var stale = 86_400.0
    /// Seconds since the last attempt before an unknown key name causes another.
    public var coolDown = 30.0
    /// The most seconds that one attempt, and so a caller's waiting, may take.
    public var attempt = 5.0
    /// Seconds after a first failure; doubled by each further one up to `longestPause`, ±20 %.
    public var firstPause = 1.0
    public var longestPause = 60.0
    /// The most bytes that a document may have.
    public var document = 262_144
    /// The most callers that may wait for one attempt.
    public var waiters = 1024

    public init() {}

    /// Seconds until the next attempt after `failures` in a row; `jitter` is from 0 to 1.
    func pause(failures: Int, jitter: Double) -> Double {
        var pause = firstPause
        for _ in 1..<max(failures, 1) where pause < longestPause { pause *= 2 }
        return min(pause, longestPause) * (0.8 + 0.4 * jitter)
    }

    func freshness(maxAge: Int?) -> Double {
        guard let maxAge else { return fresh }
        return min(max(Double(maxAge), honoured.lowerBound), honoured.upperBound)
    }
}
