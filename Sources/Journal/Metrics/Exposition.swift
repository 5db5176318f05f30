/// The metrics as text: Prometheus' format 0.0.4, or OpenMetrics 1.0 for those who ask for it by `Accept`.
public struct Exposition: Sendable {
    /// For `Content-Type`.
    public let contentType: String
    public let bytes: [UInt8]

    init(_ families: [MetricFamily], accept: String?) {
        let open = Self.wantsOpenMetrics(accept ?? "")
        contentType =
            open
            ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
            : "text/plain; version=0.0.4; charset=utf-8"
        var text = ""
        for family in families where !family.samples.isEmpty {
            Self.write(family, open, &text)
        }
        if open { text += "# EOF\n" }
        bytes = Array(text.utf8)
    }

    private static func write(_ family: MetricFamily, _ open: Bool, _ text: inout String) {
        // OpenMetrics names a counter's family without the ending that its samples have.
        let isCounter = family.kind == .counter && family.name.hasSuffix("_total")
        let name = open && isCounter ? String(family.name.dropLast(6)) : family.name
        text += "# HELP \(name) \(escape(family.help, quotes: open))\n# TYPE \(name) \(family.kind.rawValue)\n"
        for sample in family.samples {
            switch sample.value {
            case .number(let value):
                text += "\(family.name)\(labels(sample.labels)) \(number(value))\n"
            case .histogram(let histogram):
                write(histogram, family.name, sample.labels, &text)
            }
        }
    }

    private static func write(
        _ histogram: Histogram,
        _ name: String,
        _ names: [(name: String, value: String)],
        _ text: inout String
    ) {
        var count: Int64 = 0
        for (index, bucket) in histogram.counts.enumerated() {
            count += bucket
            let bound = index < histogram.bounds.count ? number(Double(histogram.bounds[index]) / 1e9) : "+Inf"
            text += "\(name)_bucket\(labels(names + [("le", bound)])) \(count)\n"
        }
        text += "\(name)_sum\(labels(names)) \(number(Double(histogram.nanoseconds) / 1e9))\n"
        text += "\(name)_count\(labels(names)) \(count)\n"
    }

    private static func labels(_ labels: [(name: String, value: String)]) -> String {
        guard !labels.isEmpty else { return "" }
        return "{" + labels.map { "\($0.name)=\"\(escape($0.value, quotes: true))\"" }.joined(separator: ",") + "}"
    }

    private static func escape(_ text: String, quotes: Bool) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\"" where quotes: escaped += "\\\""
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    private static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
        if let whole = Int64(exactly: value) { return "\(whole)" }
        return "\(value)"
    }

    /// Whether OpenMetrics is asked for with at least the weight of plain text (RFC 9110 section 12.5.1).
    static func wantsOpenMetrics(_ accept: String) -> Bool {
        var open = 0.0
        var plain = 0.0
        for range in accept.lowercased().split(separator: ",") {
            let parts = range.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" } }
            let weight = parts.dropFirst().first { $0.hasPrefix("q=") }.map { Double($0.dropFirst(2)) ?? 0 } ?? 1
            if parts.first == "application/openmetrics-text" { open = max(open, weight) }
            if parts.first == "text/plain" { plain = max(plain, weight) }
        }
        return open > 0 && open >= plain
    }
}
