import OstiaryCore

/// All samples of one name.
struct MetricFamily {
    enum Kind: String {
        case counter, gauge, histogram
    }

    let name: String
    let kind: Kind
    let help: String
    var samples: [MetricSample]

    init(_ name: String, _ kind: Kind, _ help: String, _ samples: [MetricSample]) {
        self.name = name
        self.kind = kind
        self.help = help
        self.samples = samples
    }

    /// Instruments of the same name, wherever they come from, in one family: the format allows a name once.
    static func families(of instruments: [Instrument]) -> [MetricFamily] {
        var families: [MetricFamily] = []
        var places: [String: Int] = [:]
        for instrument in instruments {
            let sample = MetricSample(labels: instrument.labels, value: .number(instrument.read()))
            if let place = places[instrument.name] {
                families[place].samples.append(sample)
            } else {
                places[instrument.name] = families.count
                let kind: Kind = instrument.kind == .counter ? .counter : .gauge
                families.append(MetricFamily(instrument.name, kind, instrument.help, [sample]))
            }
        }
        return families
    }
}

struct MetricSample {
    enum Value {
        case number(Double)
        case histogram(Histogram)
    }

    let labels: [(name: String, value: String)]
    let value: Value
}
