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
        [
            CallsInstrument.make(method: method, result: "accepted") { [verified] in
                Double(verified.current + known())
            },
            CallsInstrument.make(method: method, result: "missing", counter: missing),
        ]
            + zip(TokenFault.allCases, refused).map { fault, counter in
                CallsInstrument.make(method: method, result: "\(fault.cause)", counter: counter)
            }
    }
}
