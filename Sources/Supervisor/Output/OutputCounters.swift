import OstiaryCore

/// Which of a child's two streams.
public enum ChildStream: Sendable {
    case output, error
}

/// What was read of children's streams.
final class OutputCounters: Sendable {
    let bytes = Counter()
    let cut = Counter()
    let scrubbed = Counter()

    var instruments: [Instrument] {
        [
            Instrument("gw_child_output_bytes_total", .counter, "Bytes that children wrote to their streams.") {
                Double(self.bytes.current)
            },
            Instrument("gw_child_output_cut_total", .counter, "Lines of children that were longer than 8 KiB.") {
                Double(self.cut.current)
            },
            Instrument("gw_child_output_scrubbed_total", .counter, "Secrets taken out of what children wrote.") {
                Double(self.scrubbed.current)
            },
        ]
    }
}
