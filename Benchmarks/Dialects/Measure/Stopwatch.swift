#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// CPU time per run of something, which other work on the machine changes less than the time on the wall.
enum Stopwatch {
    private static func microseconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) * 1e6 + Double(time.tv_nsec) / 1e3
    }

    /// Prints the best of seven rounds.
    /// - Parameter parts: things that one run does.
    static func print(_ name: String, runs: Int, of parts: Int = 1, _ work: (Int) -> Void) {
        var best = Double.infinity
        for _ in 0..<7 {
            let start = microseconds()
            for run in 0..<runs { work(run) }
            best = min(best, (microseconds() - start) / Double(runs * parts))
        }
        let figure = "\((best * 1000).rounded() / 1000)"
        let label = name + String(repeating: " ", count: max(1, 60 - name.utf8.count))
        Swift.print(label + String(repeating: " ", count: max(0, 10 - figure.utf8.count)) + figure)
    }
}
