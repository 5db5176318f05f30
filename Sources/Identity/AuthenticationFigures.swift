import OstiaryCore

/// How calls fared with one authenticator, by cause.
final class AuthenticationFigures: Sendable {
    /// Calls whose credential was verified; those that were known are counted where they are remembered.
    let verified = Counter()
    let missing = Counter()
    /// By the number of the fault.
    private let refused = TokenFault.allCases.map { _ in Counter() }

    func count(_ fault: TokenFault) {
        refused[fault.rawValue].increment()
    }

    /// - Parameter known: how many calls were known without verifying.
    func instruments(method: String, known: @escaping @Sendable () -> Int64) -> [Instrument] {
        func instrument(_ result: String, _ read: @escaping @Sendable () -> Double) -> Instrument {
            Instrument(
                "gw_auth_total",
                .counter,
                "Calls by how the caller became known, or why not.",
                labels: [(name: "method", value: method), (name: "result", value: result)],
                read: read
            )
        }
        return [
            instrument("accepted") { [verified] in Double(verified.current + known()) },
            instrument("missing") { [missing] in Double(missing.current) },
        ]
            + zip(TokenFault.allCases, refused).map { fault, counter in
                instrument("\(fault.cause)") { Double(counter.current) }
            }
    }
}
