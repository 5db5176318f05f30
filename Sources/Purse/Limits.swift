import OstiaryCore

/// What one caller may use. Zero switches a limit off.
public struct Limits: Hashable, Sendable {
    /// Requests a minute that flow back into a caller's bucket.
    public let requestsPerMinute: Int
    /// What a full bucket holds: the most requests at once.
    public let burst: Int
    /// The most requests of one caller in flight.
    public let concurrent: Int
    /// Token counts a minute that flow back into a caller's bucket of counts.
    public let countsPerMinute: Int
    /// What a full bucket of counts holds, and the most counts of one caller in flight.
    public let countBurst: Int

    /// The largest number a limit may be; keeps the buckets' arithmetic far from overflow.
    public static let largest = 100_000_000

    /// - Throws: `LimitFault` when a number is negative or too large, or when there is a rate and no burst.
    public init(
        requestsPerMinute: Int = 60,
        burst: Int = 10,
        concurrent: Int = 20,
        countsPerMinute: Int = 600,
        countBurst: Int = 100
    ) throws(LimitFault) {
        guard 0...Self.largest ~= requestsPerMinute else { throw .outOfRange("requests_per_minute") }
        guard 0...Self.largest ~= burst else { throw .outOfRange("burst") }
        guard 0...Self.largest ~= concurrent else { throw .outOfRange("concurrent") }
        guard 0...Self.largest ~= countsPerMinute else { throw .outOfRange("counts_per_minute") }
        guard 0...Self.largest ~= countBurst else { throw .outOfRange("count_burst") }
        guard requestsPerMinute == 0 || burst > 0 else { throw .rateWithoutBurst }
        guard countsPerMinute == 0 || countBurst > 0 else { throw .countsWithoutBurst }
        self.requestsPerMinute = requestsPerMinute
        self.burst = burst
        self.concurrent = concurrent
        self.countsPerMinute = countsPerMinute
        self.countBurst = countBurst
    }

    /// The rate as buckets use it, or `nil` when it is switched off.
    var rate: Rate? {
        requestsPerMinute == 0 ? nil : Rate(perMinute: requestsPerMinute, burst: burst)
    }

    /// The rate of token counts, or `nil` when it is switched off.
    var countRate: Rate? {
        countsPerMinute == 0 ? nil : Rate(perMinute: countsPerMinute, burst: countBurst)
    }

    /// The rate of a caller with limits of its own. One who brings a rate and no burst may have a sixth of a minute's
    /// requests at once, as everybody has by default.
    func rate(narrowedBy own: Narrowing.Limits) -> Rate? {
        guard let perMinute = own.requestsPerMinute else {
            return requestsPerMinute == 0 ? nil : Rate(perMinute: requestsPerMinute, burst: own.burst ?? burst)
        }
        return perMinute == 0 ? nil : Rate(perMinute: perMinute, burst: own.burst ?? max(1, perMinute / 6))
    }
}

/// Why a limit stops the start.
public enum LimitFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// Names the key under `limits`.
    case outOfRange(String)
    case rateWithoutBurst
    case countsWithoutBurst

    public var description: String {
        switch self {
        case .outOfRange(let key): "limits.\(key) must be between 0 and \(Limits.largest)"
        case .rateWithoutBurst: "limits.burst must be at least 1 while limits.requests_per_minute is not 0"
        case .countsWithoutBurst: "limits.count_burst must be at least 1 while limits.counts_per_minute is not 0"
        }
    }
}
