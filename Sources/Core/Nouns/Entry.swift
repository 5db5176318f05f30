/// One call's line in the journal: what happened, without anything that was said.
public struct Entry: Sendable {
    /// How an answer ended.
    public enum Outcome: Hashable, Sendable {
        /// Complete, and its own: the provider's answer, or one of the gate's public documents.
        case answered
        /// Refused or failed before the answer began; the code's catalogue entry says the rest.
        case refused(GateError.Code)
        /// Begun and not completed: the client saw an abnormal end.
        case cut(Cut)
    }

    /// Who ended an answer early.
    public enum Cut: String, Sendable, CaseIterable {
        case client, upstream, shutdown, gate
    }

    public var id: RequestID
    public var time: UnixTime
    /// When the request's first byte was read; durations count from here.
    public var started = MonotonicTime(nanoseconds: 0)
    public var method: Method?
    /// The route's pattern, never the path as sent; `nil` when no route has it.
    public var route: String?
    public var status: Int
    public var outcome: Outcome
    /// The inner reason of a refusal or of a stream's cut, from a closed list.
    public var cause: String?
    /// Seconds, from the request's first byte.
    public var duration: Double
    public var timeToFirstByte: Double?
    /// Seconds that the provider took; `nil` where none was asked.
    public var upstreamDuration: Double?
    public var bytesIn: Int
    public var bytesOut: Int
    public var user: Pseudonym?
    public var peer: Peer?
    public var provider: String?
    /// The configured model entry that matched, not the client's spelling.
    public var model: String?
    public var usage: Usage?
    /// Whether some of the usage is the gate's own estimate.
    public var isUsageEstimated = false
    /// Why the model's answer ended; `nil` where nobody said so.
    public var stop: Exchange.Stop?

    public init(
        id: RequestID,
        time: UnixTime,
        method: Method? = nil,
        route: String? = nil,
        status: Int,
        outcome: Outcome,
        cause: String? = nil,
        duration: Double = 0,
        timeToFirstByte: Double? = nil,
        upstreamDuration: Double? = nil,
        bytesIn: Int = 0,
        bytesOut: Int = 0,
        user: Pseudonym? = nil,
        peer: Peer? = nil,
        provider: String? = nil,
        model: String? = nil,
        usage: Usage? = nil
    ) {
        self.id = id
        self.time = time
        self.method = method
        self.route = route
        self.status = status
        self.outcome = outcome
        self.cause = cause
        self.duration = duration
        self.timeToFirstByte = timeToFirstByte
        self.upstreamDuration = upstreamDuration
        self.bytesIn = bytesIn
        self.bytesOut = bytesOut
        self.user = user
        self.peer = peer
        self.provider = provider
        self.model = model
        self.usage = usage
    }
}
