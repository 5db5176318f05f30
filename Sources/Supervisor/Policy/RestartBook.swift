import OstiaryCore

/// Decides whether and when a child that ended is started again. Pure: time and chance are handed in.
struct RestartBook {
    enum Decision: Hashable {
        /// After so many seconds.
        case again(after: Double)
        /// It is as it should be.
        case over
        case giveUp(String)
    }

    let rules: RestartRules
    private var starts: [MonotonicTime] = []
    private var attempts = 0

    init(_ rules: RestartRules) {
        self.rules = rules
    }

    mutating func started(at time: MonotonicTime) {
        starts.append(time)
        // Only so many are ever looked at.
        starts.removeFirst(max(0, starts.count - max(1, rules.mostStarts)))
    }

    /// - Parameters:
    ///   - readySince: since when the child was healthy; `nil` where it never was.
    ///   - generator: where chance comes from.
    mutating func decide(
        _ end: ChildEnd,
        readySince: MonotonicTime?,
        at now: MonotonicTime,
        _ generator: inout some RandomNumberGenerator
    ) -> Decision {
        // EX_CONFIG: it would say the same the next time.
        if case .ended(.exit(78)) = end { return .giveUp("its configuration is wrong (exit status 78)") }
        switch rules.when {
        case .never: return .over
        case .onFailure: if case .ended(.exit(0)) = end { return .over }
        case .always: break
        }
        if let readySince, now.seconds(since: readySince) >= rules.healthy {
            attempts = 0
            starts = []
        }
        let recent = starts.filter { now.seconds(since: $0) < rules.window }
        if recent.count >= rules.mostStarts {
            return .giveUp("\(recent.count) starts within \(Int(rules.window)) s, the last ended with: \(end)")
        }
        // Bounded, so that the shift is too.
        let pause = min(rules.longest, rules.first * Double(1 << min(attempts, 16)))
        attempts += 1
        return .again(after: pause * Double.random(in: 1 - rules.jitter...1 + rules.jitter, using: &generator))
    }
}

/// Why a child is not there any more, or has to go.
public enum ChildEnd: Hashable, Sendable, CustomStringConvertible {
    case ended(Ending)
    /// It did not answer so many times in a row.
    case unhealthy(misses: Int)
    /// It has more memory than it may have.
    case tooLarge(bytes: Int, limit: Int)
    /// It was not ready, or was not started.
    case notReady(SupervisorFault)

    public var description: String {
        switch self {
        case .ended(let ending): "\(ending)"
        case .unhealthy(let misses): "no answer \(misses) times in a row"
        case .tooLarge(let bytes, let limit): "\(bytes >> 20) MiB of memory, where \(limit >> 20) are allowed"
        case .notReady(let fault): "\(fault)"
        }
    }
}
