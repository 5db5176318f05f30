public import OstiaryCore

/// Knows callers by signed tokens (RFC 6750, RFC 7519, RFC 9068), from `Authorization: Bearer` or `x-api-key`. What has the
/// form of a virtual key or of a capability token, in the same places, is put to who knows those.
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
    /// `nil` where there are no virtual keys.
    public let keys: KeyAuthenticator?
    /// `nil` where capability tokens are not taken.
    public let capabilities: NucAuthenticator?
    private let clock: any GateClock
    private let generation: KeyGeneration
    private let tokenLimit: Int
    private let figures: AuthenticationFigures
    private let tokenFigures: VerifiedTokenFigures

    /// - Parameters:
    ///   - keys: who knows virtual keys.
    ///   - capabilities: who knows capability tokens.
    ///   - former: the authenticator before a reload, whose counts go on.
    public init(
        verifier: TokenVerifier,
        keys: KeyAuthenticator? = nil,
        capabilities: NucAuthenticator? = nil,
        keeping former: BearerAuthenticator? = nil
    ) {
        self.verifier = verifier
        self.keys = keys
        self.capabilities = capabilities
        clock = verifier.clock
        generation = verifier.keyGeneration
        tokenLimit = verifier.tokenLimit
        figures = former?.figures ?? AuthenticationFigures()
        tokenFigures = former?.tokenFigures ?? VerifiedTokenFigures()
    }

    /// A memory for one event loop, counted among this authenticator's numbers.
    /// - Parameters:
    ///   - capacity: how many tokens it remembers, rounded up to eight times a power of two.
    ///   - bytes: how many bytes they may have together.
    public func makeMemory(capacity: Int = 10_000, bytes: Int = 16 << 20) -> VerifiedTokens {
        VerifiedTokens(capacity: capacity, bytes: bytes, figures: tokenFigures)
    }

    /// Who makes the call, where that is known without waiting and without a look at a signature; `nil` means that
    /// `identify` has to be asked. Allocates nothing unless it refuses.
    /// - Throws: `missing_token`; `invalid_token` for more bytes than any token may have; `token_expired` of a token that
    ///   was good a moment ago.
    public func known(_ call: Call, _ tokens: VerifiedTokens) throws(GateError) -> Identity? {
        try known(call, tokens, now: clock.now, at: clock.monotonic)
    }

    /// The same for a caller who has read the clock.
    /// - Parameters:
    ///   - now: the wall clock; the token's own times count by it.
    ///   - moment: the monotonic clock; what is remembered ends by it.
    public func known(
        _ call: Call,
        _ tokens: VerifiedTokens,
        now: UnixTime,
        at moment: MonotonicTime
    ) throws(GateError) -> Identity? {
        guard let credential = call.credential else {
            figures.missing.increment()
            throw GateError(.missingToken, challenge: Self.challenge)
        }
        // One of two may need a look at its signature.
        guard call.rival == nil else { return nil }
        return try known(credential, call, tokens, now: now, at: moment)
    }

    private func known(
        _ credential: Credential,
        _ call: Call,
        _ tokens: VerifiedTokens,
        now: UnixTime,
        at moment: MonotonicTime
    ) throws(GateError) -> Identity? {
        let token = credential.bytes
        // Before anything is made of it: nobody makes the gate hash a megabyte.
        guard token.count <= tokenLimit else { throw refusal(.tooLarge) }
        guard !token.isEmpty else { throw refusal(ofEmpty: credential) }
        if let keys, VirtualKey.hasForm(token) { return try keys.known(credential, now: now) }
        switch tokens.look(for: token.span, now: now, at: moment, generation: generation.current) {
        case .known(let identity):
            guard identity.boundCertificate != nil else { return identity }
            return try bound(identity, call)
        case .expired: throw refusal(.expired)
        case .unknown:
            // After the known tokens, so that those pay nothing for it.
            guard let capabilities, capabilities.concerns(token) else { return nil }
            return try capabilities.known(credential, now: now)
        }
    }

    public nonisolated(nonsending) func identify(
        _ call: Call,
        remembering tokens: VerifiedTokens
    ) async throws(GateError) -> Identity {
        if let known = try known(call, tokens) { return known }
        // `known` has refused a call without one.
        guard let credential = call.credential else { throw GateError(.missingToken, challenge: Self.challenge) }
        let identity = try await identify(credential, call, remembering: tokens)
        guard let rival = call.rival else { return identity }
        let other: Identity
        do throws(GateError) {
            other = try await identify(rival, call, remembering: tokens)
        } catch {
            // What nobody vouches for names nobody. But where it cannot be told, it may name anybody.
            guard error.status == 401 else { throw error }
            return identity
        }
        guard identity.isSamePrincipal(as: other) else {
            throw GateError(
                .invalidRequest,
                cause: "two_credentials",
                detail: "two credentials: Authorization and x-api-key name different callers; send one"
            )
        }
        return identity
    }

    private nonisolated(nonsending) func identify(
        _ credential: Credential,
        _ call: Call,
        remembering tokens: VerifiedTokens
    ) async throws(GateError) -> Identity {
        // One without a rival was looked for by `known`, a moment ago.
        if call.rival != nil, let known = try known(credential, call, tokens, now: clock.now, at: clock.monotonic) {
            return known
        }
        let token = credential.bytes
        tokenFigures.misses.increment()
        do throws(TokenFault) {
            let verified = try await verifier.verify(token)
            try CertificateBinding.check(verified.identity, call)
            tokens.remember(token.span, verified, at: clock.monotonic)
            figures.verified.increment()
            return verified.identity
        } catch {
            // A key of another kind will be no better the next time; a helper that makes tokens may bring a good one.
            throw refusal(error, isFinal: error == .malformed && !TokenForm.isSigned(token))
        }
    }

    /// Whoever knows a token is not known by it alone: the connection is looked at with every call.
    private func bound(_ identity: Identity, _ call: Call) throws(GateError) -> Identity {
        do throws(TokenFault) {
            try CertificateBinding.check(identity, call)
            return identity
        } catch {
            throw refusal(error)
        }
    }

    /// Nothing was handed in where something should be: mostly a key helper that failed, which nobody would see
    /// otherwise.
    private func refusal(ofEmpty credential: Credential) -> GateError {
        guard credential.place != .otherScheme else { return refusal(.malformed) }
        figures.missing.increment()
        return GateError(
            .missingToken,
            cause: "empty_credential",
            detail: "empty credential: the key helper printed nothing; run its command to see why",
            challenge: Self.challenge
        )
    }

    /// Counts a refusal and says it as the outside may hear it.
    /// - Parameter isFinal: whether the same credential can never be good.
    private func refusal(_ fault: TokenFault, isFinal: Bool = false) -> GateError {
        figures.count(fault)
        return switch fault {
        case .expired: GateError(.tokenExpired, cause: fault.cause, challenge: Self.expired)
        case .keysUnavailable: GateError(.keysUnavailable, cause: fault.cause)
        default: GateError(.invalidToken, cause: fault.cause, challenge: Self.invalid, forbidsRetry: isFinal)
        }
    }

    public var instruments: [Instrument] {
        figures.instruments(method: Self.kind.name) { [tokenFigures] in tokenFigures.hits } + tokenFigures.instruments
            + verifier.instruments + (keys?.instruments ?? []) + (capabilities?.instruments ?? [])
    }
}
