import OstiaryCore

/// What the HTTP/2 connections of a door, or of all providers, count.
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

    /// - Parameter side: whose connections these are.
    func instruments(of side: Side, _ labels: [(name: String, value: String)] = []) -> [Instrument] {
        let prefix = side == .clients ? "gw_http2" : "gw_upstream_http2"
        let help = side.help
        func instrument(
            _ name: String,
            _ kind: Instrument.Kind,
            _ help: String,
            _ value: @escaping @Sendable () -> Double
        ) -> Instrument {
            Instrument("\(prefix)_\(name)", kind, help, labels: labels, read: value)
        }
        return [
            instrument("connections", .gauge, help.connections) { [self] in Double(connections.current) },
            instrument("streams", .gauge, help.streams) { [self] in Double(streams.current) },
            instrument("floods_total", .counter, help.floods) { [self] in Double(floods.current) },
            instrument("faults_total", .counter, help.faults) { [self] in Double(faults.current) },
        ]
    }

    enum Side {
        case clients
        case providers

        fileprivate var help: (connections: String, streams: String, floods: String, faults: String) {
            switch self {
            case .clients:
                (
                    "Open client connections that speak HTTP/2.",
                    "Open streams of all HTTP/2 connections.",
                    "HTTP/2 connections ended because the client sent too much that asks for nothing.",
                    "HTTP/2 connections ended because the client broke the protocol."
                )
            case .providers:
                (
                    "Open connections to providers that speak HTTP/2.",
                    "Requests under way on them, at most 256 on each.",
                    "Connections ended because the provider sent too much that answers nothing.",
                    "Connections ended because the provider broke the protocol."
                )
            }
        }
    }
}
