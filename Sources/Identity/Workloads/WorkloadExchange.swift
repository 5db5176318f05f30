public import Crypto
public import OstiaryCore

/// Gives workloads short tokens of the gate's own for what their platform says of them (RFC 7523 section 2.1, RFC 8693):
/// no key is stored anywhere, on either side.
///
/// Whatever is wrong with an assertion, or with what is asked for with it, is told as `invalid_grant` in one sentence; the
/// log has the cause. What cannot be decided, because an issuer's keys cannot be had, is `keys_unavailable`.
public final class WorkloadExchange: Sendable {
    /// A token and what it is worth.
    public struct Grant: Sendable {
        public let token: String
        /// Seconds.
        public let lifetime: Int
        public let scopes: Scopes
        /// Whose it is, as logs and limits know the principal.
        public let pseudonym: Pseudonym
    }

    private struct Entrance: Sendable {
        let rule: WorkloadRule
        let verifier: TokenVerifier
    }

    public let issuer: OwnIssuer
    private let entrances: [Entrance]
    private let lifetime: Int
    private let replays: MemoryReplayStore
    private let pseudonymKey: SymmetricKey
    private let clock: any GateClock
    private let figures: Figures

    /// - Parameters:
    ///   - issuer: signs the gate's tokens, for itself as their audience.
    ///   - lifetime: of the gate's tokens, in seconds.
    ///   - pseudonymKey: the key of `Pseudonym` (IDENTITY_HASH_KEY).
    ///   - former: the exchange before a reload. Presented assertions stay presented, and key sets of rules whose issuer
    ///     is the same stay read.
    public init(
        _ rules: [WorkloadRule],
        issuer: OwnIssuer,
        lifetime: Int,
        pseudonymKey: SymmetricKey,
        clock: any GateClock,
        notice: @escaping @Sendable (KeySetNotice) -> Void = { _ in },
        keeping former: WorkloadExchange? = nil
    ) throws(TokenPolicy.Fault) {
        self.issuer = issuer
        self.lifetime = lifetime
        self.pseudonymKey = pseudonymKey
        self.clock = clock
        replays = former?.replays ?? MemoryReplayStore()
        figures = former?.figures ?? Figures()
        var entrances: [Entrance] = []
        for rule in rules {
            let known = former?.entrances.first { same($0.rule.name, rule.name) }?.verifier
            let verifier = try TokenVerifier(
                issuers: [rule.issuer],
                pseudonymKey: pseudonymKey,
                signatureCheck: .library,
                clock: clock,
                notice: notice,
                keeping: known
            )
            entrances.append(Entrance(rule: rule, verifier: verifier))
        }
        self.entrances = entrances
    }

    /// A token for who made the assertion.
    /// - Throws: `invalid_grant`, `invalid_scope`, `invalid_request` where several rules could be meant, and
    ///   `keys_unavailable`.
    public func exchange(_ request: WorkloadRequest) async throws(GateError) -> Grant {
        let entrance = try entrance(for: request)
        let rule = entrance.rule
        if let organization = rule.organization, request.organization.map({ same($0, organization) }) != true {
            throw refusal("organization")
        }
        let subject: String
        do throws(TokenFault) {
            subject = try await verify(request.assertion, entrance)
        } catch {
            if error == .keysUnavailable {
                figures.count("keys_unavailable")
                throw GateError(.keysUnavailable)
            }
            throw refusal(error.cause)
        }
        guard let principal = rule.principal(for: subject, asked: request.account) else { throw refusal("account") }
        let scopes = request.scopes ?? Scopes(rule.scopes)
        guard Scopes(rule.scopes).containsAll(of: scopes) else {
            figures.count("scope")
            throw GateError(.invalidScope)
        }
        return try grant(principal, subject, scopes, rule)
    }

    private func entrance(for request: WorkloadRequest) throws(GateError) -> Entrance {
        guard let name = request.rule else {
            guard let only = entrances.first, entrances.count == 1 else {
                throw GateError(
                    .invalidRequest,
                    cause: "rule_missing",
                    detail: "federation_rule_id or identity_provider_id names the trust rule"
                )
            }
            return only
        }
        guard let entrance = entrances.first(where: { same($0.rule.name, name) }) else { throw refusal("rule") }
        return entrance
    }

    /// The subject of a good assertion that was not presented before.
    private func verify(_ assertion: [UInt8], _ entrance: Entrance) async throws(TokenFault) -> String {
        let verified = try await entrance.verifier.verify(assertion)
        let identity = verified.identity
        // One for two servers could be replayed by one at the other (SEC-206).
        if let audiences = identity.claims.object?["aud"]?.array, audiences.count != 1 { throw .audience }
        guard identity.boundCertificate == nil else { throw .binding }
        guard entrance.rule.covers(subject: identity.subject) else { throw .issuer }
        guard entrance.rule.isSingleUse else { return identity.subject }
        try await enterOnce(
            try Self.mark(of: assertion, identity),
            until: UnixTime(seconds: verified.window.until),
            now: clock.now,
            in: replays
        )
        return identity.subject
    }

    /// By its issuer and `jti`; without one by what was signed, which nobody can spell in a second way.
    private static func mark(of assertion: [UInt8], _ identity: Identity) throws(TokenFault) -> ReplayIdentity {
        switch identity.claims.object?["jti"] {
        case .string(let id): return ReplayIdentity(kind: "workload", owner: identity.issuer, id: id)
        case nil:
            let digest = Hex.encode(Array(SHA256.hash(data: try JWS(compact: assertion).signed)))
            return ReplayIdentity(kind: "workload without jti", owner: identity.issuer, id: digest)
        default: throw .claimType
        }
    }

    private func grant(
        _ principal: String,
        _ subject: String,
        _ scopes: Scopes,
        _ rule: WorkloadRule
    ) throws(GateError) -> Grant {
        do {
            let id = Hex.encode([UInt8].random(16))
            let token = try issuer.mint(
                subject: principal,
                scopes: scopes.names,
                audience: issuer.issuer,
                lifetime: lifetime,
                now: clock.now,
                also: [
                    .init(name: "jti", value: .string(id)), .init(name: "rule", value: .string(rule.name)),
                    // Who it is for whom the principal stands.
                    .init(name: "workload", value: .string(subject)),
                ]
            )
            figures.count("granted")
            return Grant(
                token: token,
                lifetime: lifetime,
                scopes: scopes,
                pseudonym: Pseudonym(issuer: issuer.issuer, subject: principal, key: pseudonymKey)
            )
        } catch {
            throw GateError(.internalError, cause: "minting")
        }
    }

    private func refusal(_ cause: StaticString) -> GateError {
        figures.count("refused")
        return GateError(.invalidGrant, cause: cause)
    }

    private final class Figures: Sendable {
        static let results = ["granted", "refused", "scope", "keys_unavailable"]
        let counters = results.map { _ in Counter() }

        func count(_ result: String) {
            for (name, counter) in zip(Self.results, counters) where name == result { counter.increment() }
        }
    }

    public var instruments: [Instrument] {
        zip(Figures.results, figures.counters).map { result, counter in
            Instrument(
                "gw_workload_exchanges_total",
                .counter,
                "Assertions presented at the token endpoint, by what became of them.",
                labels: [(name: "result", value: result)]
            ) { Double(counter.current) }
        } + replays.instruments
    }
}

extension WorkloadExchange {
    /// Reads every rule's key set once; `true` when each has a usable one afterwards.
    public func prime() async -> Bool {
        await withTaskGroup(of: Bool.self) { group in
            for entrance in entrances { group.addTask { await entrance.verifier.prime() } }
            return await group.reduce(true) { $0 && $1 }
        }
    }

    /// Keeps every key set fresh until the task is cancelled.
    public func maintain() async {
        await withTaskGroup(of: Void.self) { group in
            for entrance in entrances { group.addTask { await entrance.verifier.maintain() } }
        }
    }
}
