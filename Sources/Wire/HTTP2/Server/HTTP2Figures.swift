import OstiaryCore

/// What a door's HTTP/2 connections count.
final class HTTP2Figures: Sendable {
    /// Streams that one client may have open at once on one connection (SETTINGS_MAX_CONCURRENT_STREAMS).
    static let streamLimit = 100

    let connections = Gauge()
    let streams = Gauge()
    private let floods = Counter()
    private let faults = Counter()

    init() {}

    func count(_ fault: HTTP2Fault) {
        if fault.code == .enhanceYourCalm { floods.increment() } else { faults.increment() }
    }

    func instruments(_ labels: [(name: String, value: String)]) -> [Instrument] {
        [
            Instrument("gw_http2_connections", .gauge, "Open client connections that speak HTTP/2.", labels: labels) {
                [self] in Double(connections.current)
            },
            Instrument("gw_http2_streams", .gauge, "Open streams of all HTTP/2 connections.", labels: labels) {
                [self] in Double(streams.current)
            },
            Instrument(
                "gw_http2_floods_total",
                .counter,
                "HTTP/2 connections ended because the client sent too much that asks for nothing.",
                labels: labels
            ) { [self] in Double(floods.current) },
            Instrument(
                "gw_http2_faults_total",
                .counter,
                "HTTP/2 connections ended because the client broke the protocol.",
                labels: labels
            ) { [self] in Double(faults.current) },
        ]
    }
}
