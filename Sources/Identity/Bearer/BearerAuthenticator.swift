public import OstiaryCore

/// Knows callers by signed tokens (RFC 6750, RFC 7519, RFC 9068), from `Authorization: Bearer` or `x-api-key`.
public struct BearerAuthenticator: Authenticator {
    public static let kind = AuthenticatorKind(
        name: "jwt",
        key: "identity.jwt",
        help: "Signed tokens of the issuers listed, checked against their key sets."
    )

    /// The `WWW-Authenticate` values of RFC 6750 section 3; without credentials there is no `error` in it.
    private static let challenge = #"Bearer realm="inference""#
    private static let invalid = #"Bearer realm="inference", error="invalid_token""#
    private static let expired = #"Bearer realm="inference", error="invalid_token", error_description="expired""#

    let verifier: TokenVerifier
    private let figures: AuthenticationFigures
    private let tokenFigures: VerifiedTokenFigures

    /// - Parameter former: the authenticator before a reload, whose counts go on.
    public init(verifier: TokenVerifier, keeping former: BearerAuthenticator? = nil) {
        self.verifier = verifier
        figures = former?.figures ?? AuthenticationFigures()
        tokenFigures = former?.tokenFigures ?? VerifiedTokenFigures()
    }

    /// A memory for one event loop, counted among this authenticator's numbers.
    /// - Parameter capacity: how many tokens it remembers, rounded up to eight times a power of two.
    public func makeMemory(capacity: Int = 10_000) -> VerifiedTokens {
        VerifiedTokens(capacity: capacity, figures: tokenFigures)
    }

    public nonisolated(nonsending) func identify(
        _ call: Call,
        remembering tokens: VerifiedTokens
    ) async throws(GateError) -> Identity {
        guard let token = call.credential?.bytes else {
            figures.missing.increment()
            throw GateError(.missingToken, challenge: Self.challenge)
        }
        do throws(TokenFault) {
            // Before the digest: nobody makes the gate hash a megabyte.
            guard token.count <= verifier.tokenLimit else { throw .tooLarge }
            let digest = TokenDigest(of: token)
            let clock = verifier.clock
            if let known = tokens.identity(
                for: digest,
                now: clock.now,
                at: clock.monotonic,
                generation: verifier.keyGeneration.current
            ) {
                figures.accepted.increment()
                return known
            }
            let verified = try await verifier.verify(token)
            // A token bound to a key is worth nothing without the proof (RFC 9449 section 7.1, RFC 8705 section 3).
            if verified.identity.claims.object?["cnf"] != nil { throw .binding }
            tokens.remember(digest, verified, at: clock.monotonic)
            figures.accepted.increment()
            return verified.identity
        } catch {
            figures.count(error)
            throw Self.refusal(error)
        }
    }

    private static func refusal(_ fault: TokenFault) -> GateError {
        switch fault {
        case .expired: GateError(.tokenExpired, cause: fault.cause, challenge: expired)
        case .keysUnavailable: GateError(.keysUnavailable, cause: fault.cause)
        default: GateError(.invalidToken, cause: fault.cause, challenge: invalid)
        }
    }

    public var instruments: [Instrument] {
        figures.instruments(method: Self.kind.name) + tokenFigures.instruments + verifier.figures.instruments
    }
}
