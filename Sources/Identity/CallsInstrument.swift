import OstiaryCore

/// `gw_auth_total`: how many calls an authenticator let in or refused, one series a result.
enum CallsInstrument {
    static func make(method: String, result: String, read: @escaping @Sendable () -> Double) -> Instrument {
        Instrument(
            "gw_auth_total",
            .counter,
            "Calls by how the caller became known, or why not.",
            labels: [(name: "method", value: method), (name: "result", value: result)],
            read: read
        )
    }

    static func make(method: String, result: String, counter: Counter) -> Instrument {
        make(method: method, result: result) { Double(counter.current) }
    }
}
