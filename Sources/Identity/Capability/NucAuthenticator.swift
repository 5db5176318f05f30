public import Crypto
public import OstiaryCore

/// Knows callers by chains of capability tokens (NUC), as nilai's clients make them. Never waits: a request costs one
/// signature check, as the proofs are remembered.
///
/// The caller is the account that pays: the issuer of a root that it made for itself, or the subject of a root of a
/// trusted nilAuth. Reasons are told, tokens never.
public final class NucAuthenticator: Authenticator {
    public static let kind = AuthenticatorKind(
        name: "nuc",
        key: "identity.nuc",
        help: "Capability tokens (NUC) of nilai's clients: trusted nilAuth services, or known accounts."
    )

    /// Under which issuer accounts are kept, apart from the holders of other credentials.
    public static let issuer = "nuc"
    /// The most leaves that are remembered where each is good once.
    public static let leafLimit = 1_000_000

    private static let challenge = #"Bearer realm="inference", error="invalid_token""#

    /// Who is believed, and for what.
    public struct Rules: Sendable {
        /// nilAuth services, whose roots are believed for anybody.
        public var trusted: Set<DID> = []
        /// Accounts, which are believed for roots that they made for themselves.
        public var accounts: Set<DID> = []
        /// What an account may do here.
        public var scopes = Scopes(["inference"])
        /// Whether an invocation is good for one request.
        public var isSingleUse = false
        /// The chains that wallets may sign for; empty for no wallets.
        public var walletChains: Set<Int> = []
        /// The most bytes of an envelope.
        public var limit = NucEnvelope.usualLimit

        public init() {}
    }

    /// The service's own key; `nil` where there is no libsecp256k1 to read it.
    public let key: Secp256k1SecretKey?
    public let rules: Rules
    public let revoked: RevokedTokens
    private let validator: NucValidator?
    private let proofs: KnownProofs
    private let spent: SpentLeaves
    private let pseudonymKey: SymmetricKey
    private let clock: any GateClock
    private let figures: Figures

    /// - Parameters:
    ///   - key: the service's own key, for which invocations have to be made.
    ///   - revoked: what was revoked, whoever changes it.
    ///   - former: the authenticator before a reload: what it counted, and which leaves it has seen, goes on; which
    ///     proofs it has verified does not.
    public init(
        key: Secp256k1SecretKey?,
        rules: Rules,
        revoked: RevokedTokens,
        pseudonymKey: SymmetricKey,
        clock: any GateClock,
        keeping former: NucAuthenticator? = nil
    ) {
        self.key = key
        self.rules = rules
        self.revoked = revoked
        self.pseudonymKey = pseudonymKey
        self.clock = clock
        validator = key.map { key in
            var validator = NucValidator(
                roots: .init(issuers: rules.trusted, accounts: rules.accounts),
                requirement: .invocation(DID(key.publicKey))
            )
            if !rules.walletChains.isEmpty { validator.wallets = WalletRule(chains: rules.walletChains) }
            return validator
        }
        proofs = KnownProofs()
        spent = former?.spent ?? SpentLeaves(capacity: Self.leafLimit)
        figures = former?.figures ?? Figures()
    }

    /// Whether a credential is for this authenticator to judge: a token by its form, or what is sent for one by mistake.
    func concerns(_ credential: [UInt8]) -> Bool {
        if case .other = NucForm(credential) { false } else { true }
    }

    /// Who presents `credential`, which this authenticator is concerned with.
    /// - Throws: `invalid_nuc` with the reason; `keys_unavailable` without libsecp256k1; `overloaded` where no more leaves
    ///   can be remembered.
    func known(_ credential: Credential, now: UnixTime) throws(GateError) -> Identity {
        do throws(NucFault) {
            let identity = try identity(credential.bytes, now)
            figures.accepted.increment()
            return identity
        } catch {
            figures.refused[error.rawValue].increment()
            throw refusal(error)
        }
    }

    private func identity(_ credential: [UInt8], _ now: UnixTime) throws(NucFault) -> Identity {
        switch NucForm(credential) {
        case .privateKey: throw .privateKey
        case .placeholder: throw .placeholder
        case .envelope, .other: break
        }
        guard let validator else { throw .libraryMissing }
        let chain = try validator.validate(NucEnvelope(credential, limit: rules.limit, known: proofs), now: now)
        guard chain.leaf.payload.command.isAttenuation(of: .inference) else { throw .commandNotAttenuated }
        // Never remembered: what was revoked a moment ago is dead now.
        guard !revoked.holdsAny(of: chain.tokens) else { throw .tokenRevoked }
        let limits = try NucUsage.limits(of: chain)
        proofs.remember(chain.proofs)
        // Last, so that a request that is refused for something else spends nothing.
        if rules.isSingleUse { try spend(chain, now) }
        return identity(chain, limits)
    }

    private func spend(_ chain: NucChain, _ now: UnixTime) throws(NucFault) {
        switch spent.enter(chain.leaf.hash, ends: chain.expires ?? .max, now: now) {
        case .fresh: return
        case .spent: throw .tokenReplayed
        case .full: throw .tooManyLeaves
        }
    }

    private func identity(_ chain: NucChain, _ limits: [NucUsage.Limit]) -> Identity {
        let account = "\(Self.account(of: chain))"
        return Identity(
            issuer: Self.issuer,
            subject: account,
            means: .capability,
            expires: UnixTime(seconds: chain.expires.map { Double($0) } ?? .infinity),
            scopes: rules.scopes,
            pseudonym: Pseudonym(issuer: Self.issuer, subject: account, key: pseudonymKey),
            claims: .object(chain.leaf.payload.object),
            usageLimits: limits.map { UsageLimit($0) }
        )
    }

    /// Who pays for a chain.
    public static func account(of chain: NucChain) -> DID {
        let root = chain.root.payload
        return (NucChain.isSelfIssued(chain.root) ? root.issuer : root.subject).canonical
    }

    public nonisolated(nonsending) func identify(
        _ call: Call,
        remembering tokens: VerifiedTokens
    ) async throws(GateError) -> Identity {
        guard let credential = call.credential, concerns(credential.bytes) else { throw GateError(.missingToken) }
        return try known(credential, now: clock.now)
    }

    private func refusal(_ fault: NucFault) -> GateError {
        switch fault {
        case .libraryMissing:
            GateError(.keysUnavailable, cause: fault.code, detail: "\(fault.sentence)")
        case .tooManyLeaves: GateError(.overloaded, cause: fault.code)
        default:
            GateError(
                .invalidNuc,
                cause: fault.code,
                detail: "\(fault.sentence)",
                challenge: Self.challenge,
                forbidsRetry: fault == .privateKey || fault == .placeholder
            )
        }
    }

    private final class Figures: Sendable {
        let accepted = Counter()
        /// By the number of the fault.
        let refused = NucFault.allCases.map { _ in Counter() }
    }

    public var instruments: [Instrument] {
        let results = [("accepted", figures.accepted)] + zip(NucFault.allCases.map { "\($0.code)" }, figures.refused)
        return results.map { CallsInstrument.make(method: Self.kind.name, result: $0, counter: $1) }
            + proofs.instruments + [
                Instrument("gw_nuc_revoked", .gauge, "Revoked tokens known; at most \(RevocationDocument.limit).") {
                    [revoked] in Double(revoked.count)
                },
                Instrument(
                    "gw_nuc_leaves",
                    .gauge,
                    "Invocations remembered, each good once; at most \(Self.leafLimit)."
                ) {
                    [spent] in Double(spent.count)
                },
            ]
    }
}
