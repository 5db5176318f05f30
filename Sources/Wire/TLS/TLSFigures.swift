import OstiaryCore

/// What a door counts of its TLS.
final class TLSFigures: Sendable {
    /// How a handshake ended.
    enum Result: String, CaseIterable, Sendable {
        case http1, http2
        /// The two sides found nothing in common, or the client refused the gate's certificate.
        case failed
        /// The client showed no certificate, or one that is not believed.
        case certificate
        case timeout
        /// It closed the connection before anything could fail, as whoever only looks for open ports does.
        case left
    }

    private let results = Result.allCases.map { _ in Counter() }
    let reloads = Counter()
    let refusedReloads = Counter()
    /// When the certificate in use ends, in seconds since 1970.
    let until = Gauge()

    func count(_ result: Result) {
        guard let index = Result.allCases.firstIndex(of: result) else { return }
        results[index].increment()
    }

    func current(_ result: Result) -> Int {
        Result.allCases.firstIndex(of: result).map { Int(results[$0].current) } ?? 0
    }

    func instruments(_ labels: [(name: String, value: String)]) -> [Instrument] {
        zip(Result.allCases, results).map { result, counter in
            Instrument(
                "gw_tls_handshakes_total",
                .counter,
                "TLS handshakes with clients by what came of them.",
                labels: labels + [(name: "result", value: result.rawValue)]
            ) { Double(counter.current) }
        } + [
            Instrument(
                "gw_tls_reloads_total",
                .counter,
                "Changes of the certificate's files by what came of them.",
                labels: labels + [(name: "result", value: "changed")]
            ) { [reloads] in Double(reloads.current) },
            Instrument(
                "gw_tls_reloads_total",
                .counter,
                "Changes of the certificate's files by what came of them.",
                labels: labels + [(name: "result", value: "refused")]
            ) { [refusedReloads] in Double(refusedReloads.current) },
            Instrument(
                "gw_tls_certificate_end_seconds",
                .gauge,
                "When the certificate in use ends, in seconds since 1970; 0 for none.",
                labels: labels
            ) { [until] in Double(until.current) },
        ]
    }
}
