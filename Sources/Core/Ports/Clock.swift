#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Seconds since 1970-01-01 UTC, with fractions. Tokens and logs use it.
public struct UnixTime: Hashable, Comparable, Sendable {
    public let seconds: Double

    public init(seconds: Double) {
        self.seconds = seconds
    }

    public static func < (left: UnixTime, right: UnixTime) -> Bool { left.seconds < right.seconds }
    public static func + (time: UnixTime, seconds: Double) -> UnixTime { UnixTime(seconds: time.seconds + seconds) }
    public static func - (left: UnixTime, right: UnixTime) -> Double { left.seconds - right.seconds }
}

/// Nanoseconds since an unknown moment; never runs backwards. Limits, durations and time-outs use it.
public struct MonotonicTime: Hashable, Comparable, Sendable {
    public let nanoseconds: Int64

    public init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    public static func < (left: MonotonicTime, right: MonotonicTime) -> Bool { left.nanoseconds < right.nanoseconds }

    /// Seconds from `earlier` to this moment.
    public func seconds(since earlier: MonotonicTime) -> Double {
        Double(nanoseconds &- earlier.nanoseconds) / 1e9
    }

    public func advanced(bySeconds seconds: Double) -> MonotonicTime {
        MonotonicTime(nanoseconds: nanoseconds &+ Int64(seconds * 1e9))
    }
}

/// Time as the gate sees it. Everything that decides takes a clock; only `SystemClock` reads the real one (SEC-005).
public protocol GateClock: Sendable {
    var now: UnixTime { get }
    var monotonic: MonotonicTime { get }
    /// Returns after `seconds`, or throws `CancellationError` when the task is cancelled first.
    func sleep(seconds: Double) async throws
}

/// The machine's clocks: `CLOCK_REALTIME` and `CLOCK_MONOTONIC`.
public struct SystemClock: GateClock {
    public init() {}

    public var now: UnixTime {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return UnixTime(seconds: Double(time.tv_sec) + Double(time.tv_nsec) / 1e9)
    }

    public var monotonic: MonotonicTime {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return MonotonicTime(nanoseconds: Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec))
    }

    public func sleep(seconds: Double) async throws {
        try await Task.sleep(for: .seconds(seconds))
    }
}
