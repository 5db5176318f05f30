public import Crypto
public import OstiaryCore
import Synchronization

/// An issuer that is trusted: what its tokens must look like, and where its keys are.
public struct TrustedIssuer: Sendable {
    public let policy: TokenPolicy
    public let source: any KeySetSource

    public init(policy: TokenPolicy, source: any KeySetSource) {
        self.policy = policy
        self.source = source
    }
}

/// A token that has passed every check.
struct VerifiedToken {
    let identity: Identity
    let window: Claims.Window
    /// When the key set that vouched for it may no longer be used.
    let keysUntil: MonotonicTime
    /// The key generation as it was before the key was looked up.
    let generation: UInt64
}

/// Checks signed tokens (RFC 7519, RFC 8725, RFC 9068) of one or several issuers.
///
/// The order: size and form, `alg`, `typ`, the claims, the key, the signature, and last whether the token has expired.
/// What is cheap comes first, keys are fetched only for tokens whose claims would do, and `expired` is said only of
/// genuine tokens, as long as few of them have to be looked at.
public final class TokenVerifier: Sendable {
    private struct Realm: Sendable {
        let policy: TokenPolicy
        let keys: KeySetCache
    }

    private let realms: [Realm]
    private let algorithms: [SignatureAlgorithm]
    private let limits: TokenLimits
    private let pseudonymKey: SymmetricKey
    private let signatures: SignatureChecker
    /// At 20 to 60 µs each, at most 0.6 % of one core.
    private let expiredChecks = Mutex(Allowance(perSecond: 100))
    /// The number under which tokens are verified now.
    let keyGeneration: KeyGeneration
    let clock: any GateClock
    let figures: KeySetFigures

    /// - Parameters:
    ///   - issuers: at least one; several must all name their `iss`, each another.
    ///   - mayHaveNone: whether there may be no issuer, and so no good token: where callers become known otherwise.
    ///   - pseudonymKey: the key of `Pseudonym` (IDENTITY_HASH_KEY).
    ///   - signatureCheck: how ES256 is checked.
    ///   - jitter: gives numbers from 0 to 1 that spread retries.
    ///   - notice: told of what an operator should read; called from any thread.
    ///   - former: the verifier before a reload. Its key sets are kept where place and algorithms of an issuer are the
    ///     same; nothing that it verified is believed here.
    public init(
        issuers: [TrustedIssuer],
        mayHaveNone: Bool = false,
        limits: TokenLimits = TokenLimits(),
        schedule: KeySetSchedule = KeySetSchedule(),
        pseudonymKey: SymmetricKey,
        signatureCheck: SignatureCheck = .fast,
        clock: any GateClock = SystemClock(),
        jitter: @escaping @Sendable () -> Double = { Double.random(in: 0...1) },
        notice: @escaping @Sendable (KeySetNotice) -> Void = { _ in },
        keeping former: TokenVerifier? = nil
    ) throws(TokenPolicy.Fault) {
        guard mayHaveNone || !issuers.isEmpty else { throw .noIssuer }
        var names: [String] = []
        for issuer in issuers {
            try issuer.policy.check()
            if let name = issuer.policy.issuer {
                guard !names.contains(where: { same($0, name) }) else { throw .issuerTwice }
                names.append(name)
            } else if issuers.count > 1 {
                throw .issuerNeeded
            }
        }
        self.limits = limits
        self.pseudonymKey = pseudonymKey
        self.clock = clock
        keyGeneration = KeyGeneration(succeeding: former?.keyGeneration)
        figures = former?.figures ?? KeySetFigures()
        signatures = SignatureChecker(
            signatureCheck,
            keeping: former?.signatures,
            tell: { notice(.fastCheckOff($0)) }
        )
        algorithms = issuers.flatMap(\.policy.algorithms)
        var realms: [Realm] = []
        for issuer in issuers {
            let keys =
                former?.keys(of: issuer)
                ?? KeySetCache(
                    source: issuer.source,
                    algorithms: issuer.policy.algorithms,
                    schedule: schedule,
                    clock: clock,
                    generation: keyGeneration.keys,
                    figures: figures,
                    jitter: jitter,
                    notice: notice
                )
            realms.append(Realm(policy: issuer.policy, keys: keys))
        }
        self.realms = realms
    }

    /// Checks `token`. Suspends only where its key has to be fetched.
    nonisolated(nonsending) func verify(_ token: [UInt8]) async throws(TokenFault) -> VerifiedToken {
        let jws = try JWS(compact: token, limits: limits)
        guard let algorithm = SignatureAlgorithm(named: jws.algorithm), algorithms.contains(algorithm) else {
            throw .algNotAllowed
        }
        let claims = try Claims(payload: jws.payload, depth: limits.depth)
        let realm = try realm(for: claims)
        let policy = realm.policy
        guard policy.algorithms.contains(algorithm) else { throw .algNotAllowed }
        guard jws.hasType(among: policy.types, required: policy.typeRequired) else { throw .typ }

        let now = clock.now
        let subject = try claims.identifier("sub")
        let window = try claims.window(policy, now: now)
        for name in policy.required where claims.members[name] == nil { throw .missingClaim }
        if let accepted = policy.audiences {
            let audiences = try claims.audiences()
            guard audiences.contains(where: { name in accepted.contains { same($0, name) } }) else { throw .audience }
        }

        guard now.seconds < window.until else { throw fault(ofExpired: jws, realm, algorithm) }
        let scopes = try claims.scopes()
        let found = try await realm.keys.key(named: jws.keyName, for: algorithm)
        guard isGenuine(jws, found.key, algorithm) else { throw .signature }

        let issuer = policy.issuer ?? ""
        let identity = Identity(
            issuer: issuer,
            subject: subject,
            means: .bearer(algorithm: algorithm.rawValue),
            expires: UnixTime(seconds: window.until),
            scopes: scopes,
            pseudonym: Pseudonym(issuer: issuer, subject: subject, key: pseudonymKey),
            claims: .object(claims.members),
            boundCertificate: try CertificateBinding.named(by: claims)
        )
        return VerifiedToken(
            identity: identity,
            window: window,
            keysUntil: found.usableUntil,
            generation: keyGeneration.number(under: found.generation)
        )
    }

    /// The key set that an issuer has had so far, if it is still the one that is meant.
    private func keys(of issuer: TrustedIssuer) -> KeySetCache? {
        guard let place = issuer.source.place else { return nil }
        return realms.first { realm in
            let isSameIssuer =
                switch (realm.policy.issuer, issuer.policy.issuer) {
                case (nil, nil): true
                case (let known?, let name?): same(known, name)
                default: false
                }
            return isSameIssuer && realm.keys.place == place && realm.keys.algorithms == issuer.policy.algorithms
        }?.keys
    }

    private func isGenuine(_ jws: JWS, _ key: VerificationKey, _ algorithm: SignatureAlgorithm) -> Bool {
        signatures.isSigned(jws, by: key, with: algorithm, at: clock.monotonic)
    }

    /// Why a token is refused whose time is over. It is called expired only where its signature is genuine, and never
    /// fetches keys. As it will be refused in any case, its signature is looked at for the holder's sake alone, and no
    /// oftener than a few calls a second need: a flood of such tokens costs no signature checks.
    private func fault(ofExpired jws: JWS, _ realm: Realm, _ algorithm: SignatureAlgorithm) -> TokenFault {
        guard let key = realm.keys.keyAtHand(named: jws.keyName, for: algorithm) else { return .expiredUnchecked }
        let moment = clock.monotonic
        guard expiredChecks.withLock({ $0.take(at: moment) }) else { return .expiredUnchecked }
        return isGenuine(jws, key, algorithm) ? .expired : .signature
    }

    private func realm(for claims: Claims) throws(TokenFault) -> Realm {
        let name = try claims.text("iss")
        if let only = realms.first, only.policy.issuer == nil { return only }
        guard let name else { throw .missingClaim }
        guard let realm = realms.first(where: { $0.policy.issuer.map { same($0, name) } == true }) else {
            throw .issuer
        }
        return realm
    }

    var tokenLimit: Int { limits.token }

    /// What the key sets and the signature checks count.
    var instruments: [Instrument] { figures.instruments + signatures.instruments }
}

extension TokenVerifier {
    /// Reads every issuer's key set once; `true` when each has a usable one afterwards. To be awaited before the gate
    /// calls itself ready; a failure is no reason to stop.
    public func prime() async -> Bool {
        await withTaskGroup(of: Bool.self) { group in
            for realm in realms { group.addTask { await realm.keys.prime() } }
            return await group.reduce(true) { $0 && $1 }
        }
    }

    /// Reads the key sets that cannot be used yet; those that are there stay as they are. Takes no longer than one
    /// attempt.
    public func primeMissing() async {
        await withTaskGroup(of: Void.self) { group in
            for realm in realms where !realm.keys.isUsable { group.addTask { _ = await realm.keys.prime() } }
        }
    }

    /// Reads key sets anew, however fresh they are: those in files, or all. A set that cannot be read stays as it is.
    /// - Returns: the places in the configuration's list of those that could not be read.
    public func reread(filesOnly: Bool) async -> [Int] {
        await withTaskGroup(of: (Int, Bool).self) { group in
            for (index, realm) in realms.enumerated() where !filesOnly || realm.keys.place?.isFile == true {
                group.addTask { (index, await realm.keys.reread()) }
            }
            var failed: [Int] = []
            for await (index, isRead) in group where !isRead { failed.append(index) }
            return failed.sorted()
        }
    }

    /// Keeps every key set fresh until the task is cancelled.
    public func maintain() async {
        await withTaskGroup(of: Void.self) { group in
            for realm in realms { group.addTask { await realm.keys.maintain() } }
        }
    }

    /// Each issuer's key set as `/health` shows it, in the order of the configuration.
    public var keySets: [KeySetStatus] { realms.map(\.keys.status) }
}
