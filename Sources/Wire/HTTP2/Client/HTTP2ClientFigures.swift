import OstiaryCore

/// What the HTTP/2 connections to all providers count.
final class HTTP2ClientFigures: Sendable {
    let connections = Gauge()
    let streams = Gauge()
    private let floods = Counter()
    private let faults = Counter()

    func count(_ fault: HTTP2Fault) {
        if fault.code == .enhanceYourCalm { floods.increment() } else { faults.increment() }
    }

    var instruments: [Instrument] {
        [
            Instrument(
                "gw_upstream_http2_connections",
                .gauge,
                "Open connections to providers that speak HTTP/2."
            ) { [self] in Double(connections.current) },
            Instrument(
                "gw_upstream_http2_streams",
                .gauge,
                "Requests under way on them, at most 256 on each."
            ) { [self] in Double(streams.current) },
            Instrument(
                "gw_upstream_http2_floods_total",
                .counter,
                "Connections ended because the provider sent too much that answers nothing."
            ) { [self] in Double(floods.current) },
            Instrument(
                "gw_upstream_http2_faults_total",
                .counter,
                "Connections ended because the provider broke the protocol."
            ) { [self] in Double(faults.current) },
        ]
    }
}
