public import OstiaryCore

/// Knows callers by virtual keys, for clients that cannot do better than a static one. Never waits.
///
/// An unknown key, an expired one and a revoked one get the same answer, byte for byte, and are told apart in the log
/// alone (SEC-604); all are told not to try again, as no helper brings another (`x-should-retry: false`).
public struct KeyAuthenticator: Authenticator {
    public static let kind = AuthenticatorKind(
        name: "key",
        key: "identity.keys",
        help: "Virtual keys made with `ostiary keys`, for clients that can do no better."
    )

    private static let invalid = #"Bearer realm="inference", error="invalid_token""#

    private let keys: KnownKeys
    private let clock: any GateClock
    private let figures: Figures

    /// - Parameter former: the authenticator before a reload, whose counts go on.
    public init(keys: KnownKeys, clock: any GateClock, keeping former: KeyAuthenticator? = nil) {
        self.keys = keys
        self.clock = clock
        figures = former?.figures ?? Figures()
    }

    /// Who holds `credential`, which has the form of a key. One keyed hash and one look-up, whatever it is.
    /// - Throws: `invalid_token`.
    func known(_ credential: Credential, now: UnixTime) throws(GateError) -> Identity {
        guard let holder = keys.holder(of: credential.bytes) else {
            figures.unknown.increment()
            throw Self.refusal("unknown_key")
        }
        if holder.isRevoked {
            figures.revoked.increment()
            throw Self.refusal("revoked_key")
        }
        // At every use, whoever might sweep (SEC-210).
        guard now.seconds < holder.ends else {
            figures.expired.increment()
            throw Self.refusal("expired_key")
        }
        holder.use.note(now)
        figures.accepted.increment()
        return holder.identity
    }

    public nonisolated(nonsending) func identify(
        _ call: Call,
        remembering tokens: VerifiedTokens
    ) async throws(GateError) -> Identity {
        guard let credential = call.credential, VirtualKey.hasForm(credential.bytes) else {
            throw GateError(.missingToken)
        }
        return try known(credential, now: clock.now)
    }

    private static func refusal(_ cause: StaticString) -> GateError {
        GateError(.invalidToken, cause: cause, challenge: invalid, forbidsRetry: true)
    }

    private final class Figures: Sendable {
        let accepted = Counter()
        let unknown = Counter()
        let revoked = Counter()
        let expired = Counter()
    }

    public var instruments: [Instrument] {
        let results = [
            ("accepted", figures.accepted), ("unknown_key", figures.unknown), ("revoked_key", figures.revoked),
            ("expired_key", figures.expired),
        ]
        return results.map { CallsInstrument.make(method: Self.kind.name, result: $0, counter: $1) } + [
            Instrument("gw_keys", .gauge, "Virtual keys known, revoked ones too; at most \(KeyDocument.limit).") {
                [keys] in Double(keys.count)
            }
        ]
    }
}
