import OstiaryCore

/// The shards added up, and turned into families in a fixed order.
struct MetricSum {
    private struct Tokens {
        var input: Int64 = 0
        var output: Int64 = 0
        var cached: Int64 = 0
    }

    private struct Origin: Hashable {
        let provider: String
        let model: String
    }

    private struct Finish: Hashable {
        let origin: Origin
        let stop: Exchange.Stop
    }

    private var requests: [SeriesKey: Int64] = [:]
    private var tokens: [Origin: Tokens] = [:]
    private var finishes: [Finish: Int64] = [:]
    private var routes: [String: MetricShard.Route] = [:]

    mutating func add(_ shard: MetricShard) {
        for (key, place) in shard.places {
            let series = shard.series[place]
            requests[key, default: 0] &+= series.requests
            for (index, stop) in Exchange.Stop.allCases.enumerated() where series.finishes[index] > 0 {
                let origin = Origin(provider: key.provider, model: key.model)
                finishes[Finish(origin: origin, stop: stop), default: 0] &+= series.finishes[index]
            }
            guard series.inputTokens | series.outputTokens | series.cachedTokens != 0 else { continue }
            var sum = tokens[Origin(provider: key.provider, model: key.model)] ?? Tokens()
            sum.input &+= series.inputTokens
            sum.output &+= series.outputTokens
            sum.cached &+= series.cachedTokens
            tokens[Origin(provider: key.provider, model: key.model)] = sum
        }
        for route in shard.routes {
            var sum = routes[route.path] ?? MetricShard.Route(path: route.path)
            sum.duration.add(route.duration)
            sum.upstream.add(route.upstream)
            sum.ttfb.add(route.ttfb)
            sum.overhead.add(route.overhead)
            routes[route.path] = sum
        }
    }

    var families: [MetricFamily] {
        [
            MetricFamily(
                "gw_requests_total",
                .counter,
                "Requests answered, by route, provider, model and status.",
                requestSamples
            ),
            MetricFamily("gw_tokens_total", .counter, "Tokens as the providers counted them.", tokenSamples),
            MetricFamily("gw_finish_total", .counter, "Answers by what ended them.", finishSamples),
            histogram("gw_request_duration_seconds", "From the request's first byte to the answer's last.", \.duration),
            histogram("gw_upstream_duration_seconds", "The provider's part of the duration.", \.upstream),
            histogram("gw_overhead_seconds", "The gate's own part of calls that reached a provider.", \.overhead),
            histogram("gw_ttfb_seconds", "From the request's first byte to the answer's first.", \.ttfb),
        ]
    }

    private var requestSamples: [MetricSample] {
        requests.map { key, value in
            MetricSample(
                labels: [
                    ("route", key.route), ("provider", key.provider), ("model", key.model),
                    ("status", "\(key.status)"),
                ],
                value: .number(Double(value))
            )
        }
    }

    private var tokenSamples: [MetricSample] {
        tokens.flatMap { origin, sum in
            [("input", sum.input), ("output", sum.output), ("cached_input", sum.cached)].map { type, value in
                MetricSample(
                    labels: [("provider", origin.provider), ("model", origin.model), ("type", type)],
                    value: .number(Double(value))
                )
            }
        }
    }

    private var finishSamples: [MetricSample] {
        finishes.map { finish, value in
            MetricSample(
                labels: [
                    ("provider", finish.origin.provider), ("model", finish.origin.model),
                    ("reason", finish.stop.rawValue),
                ],
                value: .number(Double(value))
            )
        }
    }

    private func histogram(
        _ name: String,
        _ help: String,
        _ path: KeyPath<MetricShard.Route, Histogram>
    ) -> MetricFamily {
        let samples = routes.values.filter { $0[keyPath: path].count > 0 }
        return MetricFamily(
            name,
            .histogram,
            help,
            samples.map { MetricSample(labels: [("route", $0.path)], value: .histogram($0[keyPath: path])) }
        )
    }
}
