public import OstiaryCore
import Synchronization

/// The numbers about requests, kept for each event loop apart and added up when somebody reads.
///
/// Recording takes the loop's own lock, one look-up by (route, provider, model, status) and a few additions; only the
/// first request of a series allocates. Bounded: see `SeriesRegister`.
public final class Metrics: Sendable {
    private final class Shard: Sendable {
        let state = Mutex(MetricShard())
    }

    /// Requests being answered now. Whoever accepts a request adds one and takes it away at the end.
    public let inFlight = Gauge()
    private let register = SeriesRegister()
    private let shards: [Shard]
    private let version: String

    /// - Parameters:
    ///   - loops: the number of event loops that record.
    ///   - version: the program's version, for `gw_build_info`.
    public init(loops: Int, version: String) {
        shards = (0..<max(1, loops)).map { _ in Shard() }
        self.version = version
    }

    /// Counts one entry. Any loop number will do; sharing one is correct and slower.
    public func record(_ entry: Entry, loop: Int) {
        shards[Int(loop.magnitude % UInt(shards.count))].state.withLock { $0.record(entry, register) }
    }

    /// Numbers of the journal's own and of the process.
    public var instruments: [Instrument] {
        [
            Instrument(
                "gw_build_info",
                .gauge,
                "Always 1; the label tells the version.",
                labels: [("version", version)]
            ) {
                1
            },
            Instrument("gw_inflight_requests", .gauge, "Requests being answered now.") { [inFlight] in
                Double(inFlight.current)
            },
            Instrument(
                "gw_metric_series",
                .gauge,
                "Request series; at most \(SeriesRegister.seriesLimit), later ones count as other."
            ) { [register] in Double(register.count) },
            Instrument("gw_metric_diverted_total", .counter, "New request series that were counted as other.") {
                [register] in Double(register.diverted.current)
            },
        ] + ProcessFigures.instruments
    }

    /// All families of request metrics, merged over the loops.
    var families: [MetricFamily] {
        var sum = MetricSum()
        for shard in shards { sum.add(shard.state.withLock { $0 }) }
        return sum.families
    }
}
