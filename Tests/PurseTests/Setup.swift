import Crypto
@_spi(Charter) import OstiaryCore
import OstiaryPurse

let hashKey = SymmetricKey(data: Array(repeating: 7 as UInt8, count: 32))

/// A permit for a caller, as the charter would make it.
func permit(_ subject: String = "ada", issuer: String = "https://idp.example") -> Permit {
    permit(Pseudonym(issuer: issuer, subject: subject, key: hashKey))
}

func permit(_ pseudonym: Pseudonym) -> Permit {
    Permit(
        identity: Identity(
            issuer: "",
            subject: "",
            means: .bearer(algorithm: "ES256"),
            expires: UnixTime(seconds: 2_000_000_000),
            scopes: Scopes([]),
            pseudonym: pseudonym,
            claims: .null
        ),
        route: Route(path: "/v1/chat/completions", methods: [.post], access: .known(.chat)),
        reasons: []
    )
}

func at(_ seconds: Double) -> MonotonicTime {
    MonotonicTime(nanoseconds: 5_000_000_000).advanced(bySeconds: seconds)
}

extension Purse {
    /// Reserves and settles at once; the refusal, or `nil`.
    func visit(_ permit: Permit, at time: MonotonicTime) -> GateError? {
        do {
            try reserve(permit, at: time).settle()
            return nil
        } catch {
            return error
        }
    }

    func value(_ name: String, _ label: String? = nil) -> Double? {
        instruments.first { instrument in
            instrument.name == name && (label == nil || instrument.labels.contains { $0.value == label })
        }?.read()
    }
}
