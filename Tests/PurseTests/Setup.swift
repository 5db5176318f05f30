import Crypto
import OstiaryCore
import OstiaryPurse
import OstiaryTesting

let hashKey = SymmetricKey(data: Array(repeating: 7 as UInt8, count: 32))

/// A permit for a caller, as the charter would make it.
func permit(_ subject: String = "ada", issuer: String = "https://idp.example") -> Permit {
    .sample(Pseudonym(issuer: issuer, subject: subject, key: hashKey))
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
}
