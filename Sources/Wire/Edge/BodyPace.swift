import OstiaryCore

/// How long a client may still let the gate wait for its body (SEC-109).
///
/// Only the time in which the gate waited counts, not that in which it paused the client. Besides the idle time of a
/// single wait there is a bound on all of them together, which grows with what has come: a client that sends a byte
/// now and then cannot hold its place for ever.
struct BodyPace {
    private var waited = 0.0
    private var waitingSince: MonotonicTime?
    /// The bound that the wait will run into first.
    private(set) var nearest = EdgeLimit.bodyRate

    /// Begins to wait, or goes on after a piece has come; returns until when.
    mutating func wait(from now: MonotonicTime, received: Int, limits: EdgeLimits) -> MonotonicTime {
        pause(at: now)
        waitingSince = now
        let left = limits.bodyGraceTime + Double(received) / limits.bodyRate - waited
        nearest = left < limits.bodyIdleTime ? .bodyRate : .bodyIdle
        return now.advanced(bySeconds: max(0, min(limits.bodyIdleTime, left)))
    }

    /// The gate takes nothing for now, or nothing is owed.
    mutating func pause(at now: MonotonicTime) {
        if let waitingSince { waited += now.seconds(since: waitingSince) }
        waitingSince = nil
    }
}
