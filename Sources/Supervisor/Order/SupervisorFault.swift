/// Why a child is not as it was asked for. Holds no secret and nothing that the child said.
public enum SupervisorFault: Error, Hashable, Sendable, CustomStringConvertible {
    case unusable(String)
    /// There is no program of this name.
    case notFound(String)
    /// Another child runs than the one that was asked for.
    case alreadyRunning
    case portInUse(UInt16)
    /// It did not answer in time.
    case startTimeout(seconds: Double)
    /// Somebody else listens where the child should.
    case foreignListener(UInt16)
    /// It ended before it was ready, and is not started again.
    case ended(Ending)
    /// It ended again and again.
    case gaveUp(String)
    /// It was stopped while it started.
    case cancelled
    /// The system did not start it.
    case notStarted(step: String, reason: String)

    public var description: String {
        switch self {
        case .unusable(let reason): reason
        case .notFound(let name): "there is no program \(Self.shown(name))"
        case .alreadyRunning: "another one runs already"
        case .portInUse(let port): "port \(port) is in use by another program"
        case .startTimeout(let seconds): "it did not answer within \(Int(seconds.rounded())) s"
        case .foreignListener(let port): "another program listens on port \(port)"
        case .ended(let ending): "it ended at once, with \(ending)"
        case .gaveUp(let reason): "given up: \(reason)"
        case .cancelled: "it was stopped while it started"
        case .notStarted(let step, let reason): "it cannot be started (\(step)): \(reason)"
        }
    }

    private static func shown(_ text: String) -> String {
        String(decoding: text.utf8.prefix(200).map { 0x20...0x7e ~= $0 ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
    }
}

/// How a process ended.
public enum Ending: Hashable, Sendable, CustomStringConvertible {
    case exit(Int32)
    case signal(Int32)

    public var description: String {
        switch self {
        case .exit(let code): "exit status \(code)"
        case .signal(let number): "signal \(number)"
        }
    }

    /// As a shell tells it: a signal's number is added to 128.
    public var status: Int32 {
        switch self {
        case .exit(let code): code
        case .signal(let number): 128 &+ number
        }
    }
}
