public import OstiaryCore
import Synchronization

/// Counts the uses of what may be used so often: a request needs room in every limit that it is under, and takes one use
/// of each, or of none.
///
/// Bounded: what has ended is forgotten, and when there are still too many, newcomers are refused; nothing that counts is
/// ever dropped. In this process's memory alone.
public final class UsageMeter: Sendable {
    /// The most limits that are counted at once.
    public static let limit = 100_000

    private struct Count {
        var used: Int
        let ends: Double
    }

    private struct State {
        var counts: [UsageLimit.Key: Count] = [:]
        var sweptAt = -Double.infinity
    }

    private let capacity: Int
    private let state = Mutex(State())
    private let refused = Counter()

    public init(capacity: Int = UsageMeter.limit) {
        self.capacity = capacity
    }

    /// Takes one use of every limit.
    /// - Throws: `usage_limit_reached` with the whole seconds until the limit that is reached ends, as it never flows back;
    ///   `overloaded` where no more can be counted. Nothing is taken then.
    public func take(_ limits: [UsageLimit], now: UnixTime) throws(GateError) {
        guard !limits.isEmpty else { return }
        let refusal: GateError? = state.withLock { state in
            for limit in limits where (state.counts[limit.key]?.used ?? 0) >= limit.most {
                let seconds = min(max(1, (limit.ends - now).rounded(.up)), 1_000_000_000)
                return GateError(.usageLimitReached, retry: .after(seconds: Int(seconds)))
            }
            let fresh = limits.count { state.counts[$0.key] == nil }
            if fresh > 0, state.counts.count + fresh > capacity {
                Self.sweep(&state, now)
                guard state.counts.count + fresh <= capacity else {
                    return GateError(.overloaded, cause: "usage_limits")
                }
            }
            for limit in limits {
                state.counts[limit.key, default: Count(used: 0, ends: limit.ends.seconds)].used += 1
            }
            return nil
        }
        guard let refusal else { return }
        refused.increment()
        throw refusal
    }

    /// Once a second at most, however many ask while it is full.
    private static func sweep(_ state: inout State, _ now: UnixTime) {
        guard state.sweptAt + 1 <= now.seconds || state.sweptAt > now.seconds else { return }
        state.sweptAt = now.seconds
        state.counts = state.counts.filter { now.seconds < $0.value.ends }
    }

    public var instruments: [Instrument] {
        [
            Instrument("gw_usage_limits", .gauge, "Limited delegations counted now; at most \(Self.limit).") { [self] in
                Double(state.withLock { $0.counts.count })
            },
            Instrument("gw_usage_limit_refusals_total", .counter, "Requests beyond what a delegation allows.") {
                [refused] in Double(refused.current)
            },
        ]
    }
}
