import OstiaryCore

/// One event loop's part of the metrics: plain numbers under a lock that only this loop takes, except while somebody
/// reads.
struct MetricShard: Sendable {
    struct Series: Sendable {
        var requests: Int64 = 0
        var inputTokens: Int64 = 0
        var outputTokens: Int64 = 0
        var cachedTokens: Int64 = 0
        /// Answers that ended for each reason, in the order of `Exchange.Stop.allCases`.
        var finishes = InlineArray<7, Int64>(repeating: 0)
        /// Where the route's histograms lie.
        var route: Int
    }

    struct Route: Sendable {
        let path: String
        var duration = Histogram(bounds: Histogram.slow)
        var upstream = Histogram(bounds: Histogram.slow)
        var ttfb = Histogram(bounds: Histogram.slow)
        var overhead = Histogram(bounds: Histogram.fast)
    }

    private(set) var places: [SeriesKey: Int] = [:]
    private(set) var series: [Series] = []
    private(set) var routes: [Route] = []

    mutating func record(_ entry: Entry, _ register: SeriesRegister) {
        let key = SeriesKey(entry)
        let place = places[key] ?? add(register.admit(key))
        series[place].requests &+= 1
        if let usage = entry.usage {
            series[place].inputTokens &+= Int64(clamping: max(0, usage.inputTokens ?? 0))
            series[place].outputTokens &+= Int64(clamping: max(0, usage.outputTokens ?? 0))
            series[place].cachedTokens &+= Int64(clamping: max(0, usage.cachedInputTokens ?? 0))
        }
        if let stop = entry.stop, let index = Exchange.Stop.allCases.firstIndex(of: stop) {
            series[place].finishes[index] &+= 1
        }
        let route = series[place].route
        routes[route].duration.record(seconds: entry.duration)
        if let seconds = entry.timeToFirstByte { routes[route].ttfb.record(seconds: seconds) }
        if let seconds = entry.upstreamDuration {
            routes[route].upstream.record(seconds: seconds)
            routes[route].overhead.record(seconds: entry.duration - seconds)
        }
    }

    private mutating func add(_ key: SeriesKey) -> Int {
        if let place = places[key] { return place }
        let route = routes.firstIndex { $0.path == key.route } ?? routes.count
        if route == routes.count { routes.append(Route(path: key.route)) }
        series.append(Series(route: route))
        places[key] = series.count - 1
        return series.count - 1
    }
}
