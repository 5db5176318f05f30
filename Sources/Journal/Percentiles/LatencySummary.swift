/// Percentiles of one measure over one window, in seconds, each within 1.6 % of a real duration.
public struct LatencySummary: Sendable {
    /// How many durations were counted.
    public let count: Int
    /// The real length of the window.
    public let seconds: Double
    public let p50: Double
    public let p90: Double
    public let p95: Double
    public let p99: Double
    public let p999: Double
    public let max: Double

    /// Durations counted in a second.
    public var perSecond: Double { seconds > 0 ? Double(count) / seconds : 0 }

    init(cells: [UInt32], seconds: Double) {
        let count = cells.reduce(0) { $0 + Int($1) }
        func value(_ share: Double) -> Double {
            guard count > 0 else { return 0 }
            // The smallest duration that is not below `share` of all.
            let rank = Swift.max(1, Int((Double(count) * share).rounded(.up)))
            var seen = 0
            for (index, cell) in cells.enumerated() {
                seen += Int(cell)
                if seen >= rank { return LatencyScale.middle(of: index) }
            }
            return 0
        }
        self.count = count
        self.seconds = seconds
        p50 = value(0.5)
        p90 = value(0.9)
        p95 = value(0.95)
        p99 = value(0.99)
        p999 = value(0.999)
        max = value(1)
    }
}
