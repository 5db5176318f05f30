public import OstiaryCore
import Synchronization

/// What happened: takes each call's entry and each event of the gate, and answers for the operator.
///
/// An entry goes into the log, the metrics and the percentiles at once; none of them waits for anything.
public final class Journal: Sendable {
    public let log: RequestLog
    public let metrics: Metrics
    public let percentiles: LivePercentiles
    private let clock: any GateClock
    private let instruments: Mutex<[Instrument]>
    /// Those of the rooms in use.
    private let shown = Mutex<[Instrument]>([])

    public init(log: RequestLog, metrics: Metrics, percentiles: LivePercentiles, clock: any GateClock) {
        self.log = log
        self.metrics = metrics
        self.percentiles = percentiles
        self.clock = clock
        instruments = Mutex(metrics.instruments + log.instruments)
    }

    /// Takes the instruments of a room in; called once a room while the gate is put together.
    public func add(_ more: [Instrument]) {
        instruments.withLock { $0 += more }
    }

    /// Takes the instruments of the rooms that are in use; they take the place of those given before.
    public func show(_ instruments: [Instrument]) {
        shown.withLock { $0 = instruments }
    }

    /// Takes a call's entry, on the event loop that answered it.
    public func enter(_ entry: Entry, loop: Int) {
        metrics.record(entry, loop: loop)
        percentiles.record(entry, loop: loop)
        log.write(entry)
    }

    /// Writes an event: start-up, warnings, faults. The sentence is a literal; values go beside it and must not be
    /// secrets.
    public func event(
        _ level: LogLevel,
        _ sentence: StaticString,
        _ fields: KeyValuePairs<StaticString, String> = [:]
    ) {
        log.write(level, sentence, fields, at: clock.now)
    }

    /// Called every ten seconds, so that the windows of the percentiles have beginnings.
    public func rotate() {
        percentiles.rotate(at: clock.monotonic)
    }

    /// All metrics, for `GET /metrics`.
    /// - Parameter accept: the request's `Accept` field, or `nil`.
    public func expose(accept: String?) -> Exposition {
        let list = instruments.withLock { $0 } + shown.withLock { $0 }
        return Exposition(metrics.families + MetricFamily.families(of: list), accept: accept)
    }

    /// Percentiles and rates as JSON, for `GET /admin/stats`. Times are in milliseconds.
    /// - Parameter configuration: what to say of the configuration in use.
    public func stats(_ window: LivePercentiles.Window, configuration: JSONValue = .null) -> [UInt8] {
        StatsDocument.bytes(percentiles, window, configuration, at: clock.monotonic)
    }
}
