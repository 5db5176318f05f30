/// Counts of durations below fixed bounds, and their sum in nanoseconds. Guarded by whoever holds it.
struct Histogram: Sendable {
    /// What provider and whole call take.
    static let slow: [Int64] = [
        500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000, 25_000_000, 50_000_000, 100_000_000, 250_000_000,
        500_000_000, 1_000_000_000, 2_500_000_000, 5_000_000_000, 10_000_000_000, 30_000_000_000, 60_000_000_000,
        120_000_000_000, 300_000_000_000,
    ]
    /// What the gate itself takes.
    static let fast: [Int64] = [
        10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000, 25_000_000,
        50_000_000, 100_000_000, 250_000_000, 1_000_000_000,
    ]

    /// Upper bounds in nanoseconds, ascending, each included in its bucket.
    let bounds: [Int64]
    /// One count a bound and one for what is above them all; not cumulative.
    private(set) var counts: [Int64]
    private(set) var nanoseconds: Int64 = 0

    init(bounds: [Int64]) {
        self.bounds = bounds
        counts = Array(repeating: 0, count: bounds.count + 1)
    }

    mutating func record(seconds: Double) {
        let value = seconds > 0 ? Int64(min(seconds, 1e6) * 1e9) : 0
        var index = 0
        while index < bounds.count && bounds[index] < value { index += 1 }
        counts[index] &+= 1
        nanoseconds &+= value
    }

    /// Adds another with the same bounds.
    mutating func add(_ other: Histogram) {
        for index in counts.indices where index < other.counts.count { counts[index] &+= other.counts[index] }
        nanoseconds &+= other.nanoseconds
    }

    var count: Int64 { counts.reduce(0, &+) }
}
