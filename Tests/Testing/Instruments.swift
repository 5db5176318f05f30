public import OstiaryCore

extension Sequence<Instrument> {
    /// What the first instrument of this name, and with a label of this value, says now.
    public func value(_ name: String, _ label: String? = nil) -> Double? {
        first { instrument in
            instrument.name == name && (label == nil || instrument.labels.contains { $0.value == label })
        }?.read()
    }
}
