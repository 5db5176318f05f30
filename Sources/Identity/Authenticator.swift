public import OstiaryCore

/// A way in which a caller becomes known. `All.swift` lists them.
///
/// An implementer answers only when every check has passed, says nothing outside of why one did not, and keeps no
/// credential longer than the call. It may suspend only for what it has never seen; a known caller is known at once.
public protocol Authenticator: Sendable {
    /// What the configuration and the documentation call it.
    static var kind: AuthenticatorKind { get }

    /// Who makes the call.
    /// - Parameters:
    ///   - call: its credential and nothing else decides.
    ///   - tokens: the memory of the loop that the call runs on.
    /// - Throws: `missing_token`, `invalid_token`, `token_expired`, `keys_unavailable`.
    nonisolated(nonsending) func identify(
        _ call: Call,
        remembering tokens: VerifiedTokens
    ) async throws(GateError) -> Identity

    /// The numbers it shows.
    var instruments: [Instrument] { get }
}

/// An authenticator as it describes itself.
public struct AuthenticatorKind: Sendable {
    /// The value of the metric label `method`.
    public let name: String
    /// The configuration key that switches it on.
    public let key: String
    /// One sentence for the reference.
    public let help: String
}
