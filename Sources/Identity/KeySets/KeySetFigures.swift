public import OstiaryCore

/// What the key-set caches count, all issuers together.
public final class KeySetFigures: Sendable {
    /// How an attempt to read a key set ended. The cases are also the values of a metric label.
    enum Result: String, Sendable, CaseIterable {
        case ok
        case unreachable
        case timedOut = "timed_out"
        case status
        case redirect
        case tooLarge = "too_large"
        case malformed
        case noUsableKey = "no_usable_key"

        init(_ failure: FetchFailure) {
            switch failure {
            case .unreachable: self = .unreachable
            case .timedOut: self = .timedOut
            case .status: self = .status
            case .redirect: self = .redirect
            case .tooLarge: self = .tooLarge
            case .malformed: self = .malformed
            }
        }
    }

    private let attempts: [Result: Counter]
    let waiters = Gauge()
    let turnedAway = Counter()
    let absentNames = Gauge()

    init() {
        attempts = Dictionary(uniqueKeysWithValues: Result.allCases.map { ($0, Counter()) })
    }

    func count(_ result: Result) {
        attempts[result]?.increment()
    }

    /// The figures for `/metrics`.
    public var instruments: [Instrument] {
        Result.allCases.map { result in
            Instrument(
                "gw_jwks_fetch_total",
                .counter,
                "Attempts to read a key set, by how they ended.",
                labels: [(name: "result", value: result.rawValue)]
            ) { [attempts] in Double(attempts[result]?.current ?? 0) }
        } + [
            Instrument("gw_jwks_waiters", .gauge, "Calls that wait for a key set now; at most 1024 an issuer.") {
                [waiters] in Double(waiters.current)
            },
            Instrument("gw_jwks_waiters_refused_total", .counter, "Calls refused because too many waited already.") {
                [turnedAway] in Double(turnedAway.current)
            },
            Instrument("gw_jwks_absent_names", .gauge, "Key names remembered as absent; at most 1024 an issuer.") {
                [absentNames] in Double(absentNames.current)
            },
        ]
    }
}

/// An issuer's key set as `/health` shows it.
public struct KeySetStatus: Hashable, Sendable {
    /// How many keys can be used now.
    public let usable: Int
    /// Seconds since the set was last read; `nil` when it never was.
    public let ageSeconds: Int?
    /// Whether the set is used beyond its time because no newer one can be had.
    public let stale: Bool
    /// How many attempts in a row have failed.
    public let failures: Int
}

/// Something about keys that an operator should read. Holds nothing that the issuer sent.
public enum KeySetNotice: Sendable {
    /// A member of the set was left out; its place in `keys` and the reason.
    case keyDropped(position: Int, JWK.Fault)
    /// An attempt failed; a name from the closed list of `gw_jwks_fetch_total`.
    case refreshFailed(String)
    /// The set is used beyond its time; said at most once a minute.
    case stale(ageSeconds: Int)
    /// The fast check of signatures is off until the process starts anew, and the library checks all; said once.
    case fastCheckOff(FastCheckFault)
}
