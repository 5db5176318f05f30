public import OstiaryCore
import Synchronization

/// Percentiles of the last minute, the last five and all time, always at hand.
///
/// Each event loop records into tables of its own; readers add the loops' counts and subtract an older reading. So the
/// record path holds no lock and knows no windows, and percentiles are never averaged. Somebody calls `rotate` every
/// ten seconds; readings also rotate.
///
/// Durations count from the moment a request's first byte was read. Time that a request spent in the kernel's buffers
/// before that is not in them, so under overload they are too good: a client that measures from when it meant to send
/// sees more (coordinated omission).
///
/// Memory: 16 KiB a loop, and up to 500 KiB for the readings of five minutes.
public final class LivePercentiles: Sendable {
    /// What is measured.
    public enum Measure: String, Sendable, CaseIterable {
        /// From the first byte of the request to the last of the answer.
        case duration
        /// The gate's own part: the duration without the provider's. Only of calls that reached a provider.
        case overhead
        /// To the first byte of the answer.
        case ttfb
        /// The provider's part.
        case upstream
    }

    public enum Window: Int, Sendable, CaseIterable {
        case minute = 60
        case fiveMinutes = 300
        /// Since the start, as far as the cells' 32 bits go.
        case all = 0
    }

    private struct Reading {
        let time: MonotonicTime
        let sums: [[UInt32]]
    }

    /// Seconds between readings.
    private static let step = 10.0
    /// Readings kept: five minutes, the current one and one to begin from.
    private static let readingLimit = 32

    private let started: MonotonicTime
    private let loops: [[LatencyTable]]
    private let readings: Mutex<[Reading]>

    /// - Parameters:
    ///   - loops: the number of event loops that record.
    ///   - time: now, the beginning of the first window.
    public init(loops: Int, at time: MonotonicTime) {
        started = time
        self.loops = (0..<max(1, loops)).map { _ in Measure.allCases.map { _ in LatencyTable() } }
        let zero = Measure.allCases.map { _ in [UInt32](repeating: 0, count: LatencyScale.cells) }
        readings = Mutex([Reading(time: time, sums: zero)])
    }

    /// Counts one duration. Any loop number will do; sharing one is correct and slower.
    public func record(_ measure: Measure, seconds: Double, loop: Int) {
        tables(loop)[measure.index].record(LatencyScale.cell(seconds: seconds))
    }

    /// Counts what an entry holds.
    public func record(_ entry: Entry, loop: Int) {
        let tables = tables(loop)
        tables[Measure.duration.index].record(LatencyScale.cell(seconds: entry.duration))
        if let seconds = entry.timeToFirstByte {
            tables[Measure.ttfb.index].record(LatencyScale.cell(seconds: seconds))
        }
        if let seconds = entry.upstreamDuration {
            tables[Measure.upstream.index].record(LatencyScale.cell(seconds: seconds))
            tables[Measure.overhead.index].record(LatencyScale.cell(seconds: entry.duration - seconds))
        }
    }

    /// Keeps a reading for the windows if the last one is ten seconds old.
    public func rotate(at time: MonotonicTime) {
        readings.withLock { readings in
            if let last = readings.last, time.seconds(since: last.time) < Self.step { return }
            readings.append(Reading(time: time, sums: Measure.allCases.map(sum)))
            if readings.count > Self.readingLimit { readings.removeFirst() }
        }
    }

    /// The percentiles of one measure over a window that ends now.
    ///
    /// The window begins at the youngest reading that is old enough, so it may be up to ten seconds longer than asked
    /// for, and shorter where the process is young; `seconds` says how long it really is.
    public func summary(_ measure: Measure, _ window: Window, at time: MonotonicTime) -> LatencySummary {
        rotate(at: time)
        let current = sum(measure)
        return readings.withLock { readings in
            let old = readings.last { time.seconds(since: $0.time) >= Double(window.rawValue) } ?? readings.first
            guard let old, window != .all else {
                return LatencySummary(cells: current, seconds: time.seconds(since: started))
            }
            let cells = zip(current, old.sums[measure.index]).map { $0 &- $1 }
            return LatencySummary(cells: cells, seconds: time.seconds(since: old.time))
        }
    }

    private func sum(_ measure: Measure) -> [UInt32] {
        var sum = [UInt32](repeating: 0, count: LatencyScale.cells)
        for tables in loops { tables[measure.index].add(to: &sum) }
        return sum
    }

    private func tables(_ loop: Int) -> [LatencyTable] {
        loops[Int(loop.magnitude % UInt(loops.count))]
    }
}

extension LivePercentiles.Measure {
    // A switch: looking the case up in `allCases` would cost more than recording it.
    var index: Int {
        switch self {
        case .duration: 0
        case .overhead: 1
        case .ttfb: 2
        case .upstream: 3
        }
    }
}
