import Synchronization

/// How log lines look and which are written. A reload may change it; the lines of requests that began before look like
/// all others from then on.
public final class LogStyle: Sendable {
    private let isJSON: Atomic<Bool>
    private let least: Atomic<Int>

    public init(format: RequestLog.Format, level: LogLevel) {
        isJSON = Atomic(format == .json)
        least = Atomic(level.rawValue)
    }

    public var format: RequestLog.Format { isJSON.load(ordering: .relaxed) ? .json : .text }
    /// Lines below this level are not written.
    public var level: LogLevel { LogLevel(rawValue: least.load(ordering: .relaxed)) ?? .info }

    public func change(format: RequestLog.Format, level: LogLevel) {
        isJSON.store(format == .json, ordering: .relaxed)
        least.store(level.rawValue, ordering: .relaxed)
    }
}
