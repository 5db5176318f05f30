public import OstiaryCore

/// What a supervisor tells of its child.
public struct SupervisorStatus: Sendable {
    public enum State: String, Sendable {
        case stopped, starting, running
        /// It ended, and is started again after a pause.
        case waiting
        /// It is not started again by itself.
        case failed
    }

    public struct LastExit: Sendable {
        public let end: ChildEnd
        public let at: UnixTime
    }

    public var state = State.stopped
    /// The child's number, for people only.
    public var pid: Int32?
    /// Where it listens.
    public var port: UInt16?
    /// What the child is for, as whoever started it said.
    public var label: String?
    /// Seconds since it was ready.
    public var uptime: Double?
    /// Bytes that it and all below it have in RAM.
    public var memory: Int?
    /// Starts after the first one, rotations included.
    public var restarts = 0
    public var lastExit: LastExit?
    /// Why it is not started again.
    public var failure: SupervisorFault?
    /// At most 200 lines of its streams, scrubbed.
    public var lastLines: [String] = []

    public var isRunning: Bool { state == .running }
}
