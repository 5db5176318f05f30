/// One number that a part shows to the operator. Each room lists its own as `instruments`, beside the code that
/// counts; the journal's `/metrics` and the documentation are made from those lists.
public struct Instrument: Sendable {
    public enum Kind: String, Sendable {
        case counter, gauge
    }

    /// The Prometheus name; counters end in `_total`.
    public let name: String
    public let kind: Kind
    /// One sentence for the operator.
    public let help: String
    /// Constant labels, name and value.
    public let labels: [(name: String, value: String)]
    /// Reads the number now.
    public let read: @Sendable () -> Double

    public init(
        _ name: String,
        _ kind: Kind,
        _ help: String,
        labels: [(name: String, value: String)] = [],
        read: @escaping @Sendable () -> Double
    ) {
        self.name = name
        self.kind = kind
        self.help = help
        self.labels = labels
        self.read = read
    }
}
