import OstiaryCore
import Testing

@testable import OstiaryJournal

private func at(_ seconds: Double) -> MonotonicTime { MonotonicTime(nanoseconds: 0).advanced(bySeconds: seconds) }

@Test func keepsEveryDurationWithinThreePercent() {
    var worst = 0.0
    var seconds = 2e-6
    while seconds < 3_600 {
        let middle = LatencyScale.middle(of: LatencyScale.cell(seconds: seconds))
        worst = max(worst, abs(middle - seconds) / seconds)
        seconds *= 1.003
    }
    #expect(worst <= 0.03)
}

@Test func neverLeavesTheTable() {
    for seconds in [-1, 0, 1e-12, 4_000, 1e6, 1e300, .infinity, .nan, -.infinity, .leastNonzeroMagnitude] as [Double] {
        #expect((0..<LatencyScale.cells).contains(LatencyScale.cell(seconds: seconds)))
    }
    #expect(LatencyScale.cell(seconds: 1e300) == LatencyScale.cells - 1)
    let cells = Array(0..<LatencyScale.cells)
    let middles = cells.map(LatencyScale.middle)
    #expect(middles == middles.sorted())
    #expect(middles.map { LatencyScale.cell(seconds: $0) } == cells)
}

@Test func findsThePercentilesOfKnownDurations() {
    let percentiles = LivePercentiles(loops: 1, at: at(0))
    for millisecond in 1...1_000 { percentiles.record(.duration, seconds: Double(millisecond) / 1e3, loop: 0) }
    let summary = percentiles.summary(.duration, .minute, at: at(5))
    #expect(summary.count == 1_000)
    #expect(summary.seconds == 5)
    #expect(summary.perSecond == 200)
    let pairs = [
        (summary.p50, 0.5), (summary.p90, 0.9), (summary.p95, 0.95), (summary.p99, 0.99), (summary.p999, 0.999),
        (summary.max, 1),
    ]
    for (found, real) in pairs { #expect(abs(found - real) / real <= 0.03) }
    #expect(percentiles.summary(.ttfb, .minute, at: at(5)).count == 0)
    #expect(percentiles.summary(.ttfb, .minute, at: at(5)).p99 == 0)
}

@Test func mergesLoopsBeforeItTakesPercentiles() {
    let percentiles = LivePercentiles(loops: 2, at: at(0))
    for _ in 0..<99 { percentiles.record(.duration, seconds: 0.001, loop: 0) }
    percentiles.record(.duration, seconds: 1, loop: 1)
    let summary = percentiles.summary(.duration, .minute, at: at(1))
    #expect(summary.count == 100)
    #expect(summary.p99 < 0.002)
    #expect(summary.max > 0.97)
}

@Test func forgetsWhatIsOlderThanTheWindow() {
    let percentiles = LivePercentiles(loops: 1, at: at(0))
    percentiles.record(.duration, seconds: 1, loop: 0)
    for tick in 1...40 {
        percentiles.rotate(at: at(Double(tick) * 10))
        if tick == 35 { percentiles.record(.duration, seconds: 0.01, loop: 0) }
    }
    #expect(percentiles.summary(.duration, .minute, at: at(400)).count == 1)
    #expect(percentiles.summary(.duration, .fiveMinutes, at: at(400)).count == 1)
    #expect(percentiles.summary(.duration, .all, at: at(400)).count == 2)
    #expect(percentiles.summary(.duration, .minute, at: at(405)).seconds >= 60)
    for tick in 41...50 { percentiles.rotate(at: at(Double(tick) * 10)) }
    #expect(percentiles.summary(.duration, .minute, at: at(500)).count == 0)
    #expect(percentiles.summary(.duration, .fiveMinutes, at: at(500)).count == 1)
}

@Test func countsTheOverheadOfCallsThatReachedAProvider() {
    let percentiles = LivePercentiles(loops: 1, at: at(0))
    percentiles.record(entry(duration: 0.5), loop: 0)
    percentiles.record(entry(duration: 0.5, upstream: 0.4), loop: 7)
    #expect(percentiles.summary(.duration, .all, at: at(1)).count == 2)
    let overhead = percentiles.summary(.overhead, .all, at: at(1))
    #expect(overhead.count == 1)
    #expect(abs(overhead.p50 - 0.1) < 0.003)
}

@Test func losesNoCountToParallelRecording() async {
    let percentiles = LivePercentiles(loops: 2, at: at(0))
    await withTaskGroup(of: Void.self) { group in
        for task in 0..<4 {
            group.addTask { for _ in 0..<5_000 { percentiles.record(.ttfb, seconds: 0.001, loop: task) } }
        }
    }
    #expect(percentiles.summary(.ttfb, .all, at: at(1)).count == 20_000)
}

@Test func writesStatsAsJSON() throws {
    let percentiles = LivePercentiles(loops: 1, at: at(0))
    percentiles.record(.duration, seconds: 0.1, loop: 0)
    let object = try parsed(StatsDocument.bytes(percentiles, .minute, at: at(10)))
    let duration = try #require((object["measures"] as? [String: Any])?["duration"] as? [String: Any])
    #expect(object["window_seconds"] as? Int == 60)
    #expect(duration["count"] as? Int == 1)
    #expect(duration["per_second"] as? Double == 0.1)
    #expect(abs((duration["p99_ms"] as? Double ?? 0) - 100) < 3)
}
