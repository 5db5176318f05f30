import OstiaryCore

/// How calls fared with one authenticator, by cause.
final class AuthenticationFigures: Sendable {
    let accepted = Counter()
    let missing = Counter()
    private let refused: [TokenFault: Counter]

    init() {
        refused = Dictionary(uniqueKeysWithValues: TokenFault.allCases.map { ($0, Counter()) })
    }

    func count(_ fault: TokenFault) {
        refused[fault]?.increment()
    }

    func instruments(method: String) -> [Instrument] {
        let results: [(String, Counter)] =
            [("accepted", accepted), ("missing", missing)]
            + TokenFault.allCases.compactMap { fault in refused[fault].map { (fault.rawValue, $0) } }
        return results.map { result, counter in
            Instrument(
                "gw_auth_total",
                .counter,
                "Calls by how the caller became known, or why not.",
                labels: [(name: "method", value: method), (name: "result", value: result)]
            ) { Double(counter.current) }
        }
    }
}
