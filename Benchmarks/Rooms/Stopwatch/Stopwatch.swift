#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// CPU time per run of something, which other work on the machine changes less than the time on the wall.
public enum Stopwatch {
    private static func microseconds(_ clock: clockid_t = CLOCK_PROCESS_CPUTIME_ID) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) * 1e6 + Double(time.tv_nsec) / 1e3
    }

    /// Prints how long one step takes on the wall, each by itself: the median and the 99th percentile of the best of three
    /// rounds. What reading the clock costs, some 50 ns, is in it.
    public static func printEach(_ name: String, of count: Int, _ make: () -> (Int) -> Void) {
        var best = (median: Double.infinity, high: Double.infinity)
        for _ in 0..<3 {
            let step = make()
            var times: [Double] = []
            times.reserveCapacity(count)
            for index in 0..<count {
                let start = microseconds(CLOCK_MONOTONIC)
                step(index)
                times.append(microseconds(CLOCK_MONOTONIC) - start)
            }
            times.sort()
            let round = (median: times[count / 2], high: times[count * 99 / 100])
            if round.high < best.high { best = round }
        }
        func text(_ figure: Double) -> String { "\((figure * 1000).rounded() / 1000)" }
        let label = name + String(repeating: " ", count: max(1, 60 - name.utf8.count))
        Swift.print(label + text(best.median) + "  " + text(best.high))
    }

    /// Prints the best of seven rounds.
    /// - Parameter parts: things that one run does.
    public static func print(_ name: String, runs: Int, of parts: Int = 1, _ work: (Int) async -> Void) async {
        var best = Double.infinity
        for _ in 0..<7 {
            let start = microseconds()
            for run in 0..<runs { await work(run) }
            best = min(best, (microseconds() - start) / Double(runs * parts))
        }
        let figure = "\((best * 1000).rounded() / 1000)"
        let label = name + String(repeating: " ", count: max(1, 60 - name.utf8.count))
        Swift.print(label + String(repeating: " ", count: max(0, 10 - figure.utf8.count)) + figure)
    }
}
