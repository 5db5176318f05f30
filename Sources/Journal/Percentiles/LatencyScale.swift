/// Divides durations into 1,024 cells: below 2 µs evenly by 64 ns, and above it each power of two into 32 parts, so
/// that a cell's middle is within 1.6 % of every duration in it. The last cell ends at 73 minutes; what is longer
/// counts there.
enum LatencyScale {
    static let cells = 1_024
    // A step of 64 ns: the overhead of a call is a few microseconds, and nobody asks for less.
    private static let stepBits: UInt64 = 6
    private static let longest: UInt64 = (1 << 36) - 1

    /// The cell of a duration in seconds. What is no duration (negative, not finite) counts as 0.
    static func cell(seconds: Double) -> Int {
        guard seconds > 0 else { return 0 }
        // The bound is far above the longest and far below what the conversion could not hold.
        let steps = min(UInt64(min(seconds, 1e6) * 1e9) >> stepBits, longest)
        guard steps >= 32 else { return Int(steps) }
        let power = 63 - steps.leadingZeroBitCount
        return (power - 4) * 32 + Int((steps >> UInt64(power - 5)) & 31)
    }

    /// The middle of a cell in seconds.
    static func middle(of cell: Int) -> Double {
        let low: UInt64
        let width: UInt64
        if cell < 32 {
            (low, width) = (UInt64(max(0, cell)), 1)
        } else {
            let power = min(cell, cells - 1) / 32 + 4
            width = 1 << UInt64(power - 5)
            low = (32 + UInt64(cell % 32)) * width
        }
        return (Double(low) + Double(width) / 2) * Double(1 << stepBits) / 1e9
    }
}
