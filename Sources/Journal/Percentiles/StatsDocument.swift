import OstiaryCore

/// The percentiles of all measures as one JSON object.
///
///     {"window_seconds":60,"measures":{"duration":{"count":12,"seconds":60.2,"per_second":0.2,"p50_ms":1.5,…},…}}
enum StatsDocument {
    static func bytes(
        _ percentiles: LivePercentiles,
        _ window: LivePercentiles.Window,
        _ configuration: JSONValue = .null,
        at time: MonotonicTime
    ) -> [UInt8] {
        let measures = LivePercentiles.Measure.allCases.map { measure in
            "\"\(measure.rawValue)\":\(object(percentiles.summary(measure, window, at: time)))"
        }
        let length = window == .all ? "null" : "\(window.rawValue)"
        var bytes = Array("{\"window_seconds\":\(length),\"measures\":{\(measures.joined(separator: ","))}".utf8)
        if configuration != .null {
            bytes += Array(",\"configuration\":".utf8)
            JSONWriter.append(configuration, to: &bytes)
        }
        return bytes + [UInt8(ascii: "}")]
    }

    private static func object(_ summary: LatencySummary) -> String {
        let values: [(String, Double)] = [
            ("seconds", summary.seconds), ("per_second", summary.perSecond), ("p50_ms", summary.p50 * 1e3),
            ("p90_ms", summary.p90 * 1e3), ("p95_ms", summary.p95 * 1e3), ("p99_ms", summary.p99 * 1e3),
            ("p999_ms", summary.p999 * 1e3), ("max_ms", summary.max * 1e3),
        ]
        let members = values.map { "\"\($0.0)\":\(rounded($0.1))" }
        return "{\"count\":\(summary.count),\(members.joined(separator: ","))}"
    }

    /// Four decimals: more would pretend to know.
    private static func rounded(_ value: Double) -> String {
        value.isFinite ? "\((value * 1e4).rounded() / 1e4)" : "0"
    }
}
