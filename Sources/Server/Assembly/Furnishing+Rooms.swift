import Crypto
import OstiaryCharter
import OstiaryCore
import OstiaryIdentity
import OstiaryJournal
import OstiaryModels
import OstiaryPurse
import OstiaryVault
import OstiaryWire

// Each room from its part of the configuration, or as it was before; a fault is a sentence for the operator.
extension Furnishing {
    mutating func openVault(_ store: (any Store)?) throws(Running.Failure) -> Vault {
        var plans: [String: [KeyPlan]] = [:]
        do {
            for provider in configuration.providers {
                // A sealed store gives no key, and its providers' calls are refused until it is opened.
                let places = provider.places.filter { !(site.seal.isClosed && $0.isStored) }
                if !places.isEmpty { plans[provider.name] = try places.map { try $0.plan() } }
            }
            let surroundings = Surroundings(
                environment: site.variables.plain,
                kept: site.variables.kept,
                store: store,
                requester: HTTPFetcher(crew: site.crew, book: site.book, reach: .any),
                engine: site.lending
            )
            let vault = try Vault(plans, surroundings, engine: site.lending, keeping: former?.vault)
            for warning in vault.warnings { remark("a key's place", ["about": "\(warning)"]) }
            return vault
        } catch {
            throw .other("\(error)")
        }
    }

    /// The same verifier where nothing that decides about a token has changed, so that what it verified still holds;
    /// otherwise another, which believes nothing that the one before has verified and keeps the key sets of issuers that
    /// are the same (SEC-203).
    mutating func openIdentity() throws(Running.Failure) -> Rooms.Callers {
        let key = try pseudonymKey()
        if let former, former.pseudonymKey == key, before?.identity == configuration.identity {
            return Rooms.Callers(
                verifier: former.verifier,
                bearer: former.bearer,
                certificates: former.certificates,
                keys: former.keys,
                workloads: former.workloads,
                revocations: former.revocations,
                pseudonymKey: key
            )
        }
        let keys = try virtualKeys(key)
        let revocations = try revocations()
        let capabilities = try capabilities(revocations, key)
        let workloads = try workloads(key)
        var issuers: [TrustedIssuer] = []
        if let mint = site.mint {
            var policy = TokenPolicy()
            policy.issuer = mint.issuer.issuer
            policy.audiences = [DevelopmentMint.audience]
            if let source = FetchedKeySet(
                url: mint.issuer.issuer + "/jwks.json",
                fetcher: HTTPFetcher(crew: site.crew, book: site.book)
            ) {
                issuers.append(TrustedIssuer(policy: policy, source: source))
            }
        }
        for issuer in configuration.identity.jwt {
            guard let source = issuer.source(fetcher(issuer)) else {
                throw .other("identity.jwt: the key set's URL must be https, or http on loopback")
            }
            if issuer.audiences.isEmpty {
                // RFC 7519 section 4.1.3 wants a token with a foreign audience refused.
                remark(
                    "no audiences are configured: tokens that the issuer made for others are believed too",
                    ["issuer": issuer.issuer ?? ""]
                )
            }
            issuers.append(TrustedIssuer(policy: issuer.policy, source: source))
        }
        if let workloads { issuers.append(workloads.issuer.trusted) }
        if configuration.identity.local { issuers.append(site.owner.issuer.trusted) }
        do {
            let verifier = try TokenVerifier(
                issuers: issuers,
                mayHaveNone: configuration.identity.certificates.rule != nil || keys != nil || capabilities != nil,
                pseudonymKey: key,
                signatureCheck: configuration.identity.signatureCheck == .fast ? .fast : .library,
                clock: site.clock,
                notice: { [journal = site.journal] notice in journal.tell(notice) },
                keeping: former?.verifier
            )
            let keyHolders = keys.map {
                KeyAuthenticator(keys: $0.known, clock: site.clock, keeping: former?.bearer.keys)
            }
            let bearer = BearerAuthenticator(
                verifier: verifier,
                keys: keyHolders,
                capabilities: capabilities,
                keeping: former?.bearer
            )
            let certificates = configuration.identity.certificates.rule.map {
                CertificateAuthenticator($0, pseudonymKey: key, clock: site.clock, keeping: former?.certificates)
            }
            return Rooms.Callers(
                verifier: verifier,
                bearer: bearer,
                certificates: certificates,
                keys: keys,
                workloads: workloads,
                revocations: revocations,
                pseudonymKey: key
            )
        } catch {
            throw .other("identity.jwt: \(error)")
        }
    }

    /// The file's virtual keys, or those of before where it is the same file.
    private mutating func virtualKeys(_ pseudonymKey: SymmetricKey) throws(Running.Failure) -> WatchedKeys? {
        guard let path = configuration.identity.keys else { return nil }
        if let known = former?.keys, known.file.path.hasSameBytes(as: path), former?.pseudonymKey == pseudonymKey {
            return known
        }
        do throws(KeysFile.Trouble) {
            let keys = try WatchedKeys(KeysFile(path: path), pseudonymKey: pseudonymKey)
            if keys.known.count == 0 { remark("there are no virtual keys yet: ostiary keys add makes one") }
            return keys
        } catch {
            throw .other("identity.keys: \(error)" + (error.hint.map { "\n\($0)" } ?? ""))
        }
    }

    /// A random key is made once and stays, or a reload would give every caller a full bucket.
    private mutating func pseudonymKey() throws(Running.Failure) -> SymmetricKey {
        guard let reference = configuration.identity.hashKey else {
            if let former, let before, before.identity.hashKey == nil { return former.pseudonymKey }
            remark("IDENTITY_HASH_KEY is not set: limits do not survive a restart and are not shared")
            return SymmetricKey(size: .bits256)
        }
        do {
            return try HashKey.read(reference, environment: site.variables.plain, kept: site.variables.kept)
        } catch {
            throw .other("identity.hash_key: \(error)")
        }
    }

    func charter() throws(Running.Failure) -> Charter {
        do {
            return try configuration.scopes.isEmpty ? Charter() : Charter(issuers: configuration.scopes)
        } catch {
            throw .other("identity.jwt.scopes: \(error)")
        }
    }

    func purse() throws(Running.Failure) -> Purse {
        let given = configuration.limits
        do {
            let limits = try Limits(
                requestsPerMinute: given.requestsPerMinute,
                burst: given.burst,
                concurrent: given.concurrent,
                countsPerMinute: given.countsPerMinute,
                countBurst: given.countBurst
            )
            guard let former else { return Purse(limits: limits) }
            return former.purse.limits == limits ? former.purse : Purse(limits: limits, keeping: former.purse)
        } catch {
            throw .other("\(error)")
        }
    }

    func failureLimiter() throws(Running.Failure) -> FailureLimiter {
        let perMinute = configuration.limits.failuresPerMinute
        do {
            guard let former, let before else { return try FailureLimiter(perMinute: perMinute) }
            guard before.limits.failuresPerMinute != perMinute else { return former.failures }
            return try FailureLimiter(perMinute: perMinute, keeping: former.failures)
        } catch {
            throw .other("\(error)")
        }
    }

    func models(_ vault: Vault, _ pseudonymKey: SymmetricKey) throws(Running.Failure) -> Rooms.Offer {
        var destinations: [String: Models.Destination] = [:]
        var providers: [String: HTTPProvider] = [:]
        for provider in configuration.providers {
            let destination: Models.Destination
            if let kept = kept(provider, vault) { destination = kept } else { destination = try made(provider) }
            destinations[provider.name] = destination
            if case .http(let http) = destination { providers[provider.name] = http }
        }
        // A table of ten thousand models is worth keeping.
        if let former, let before, before.models == configuration.models, before.providers == configuration.providers,
            providers.allSatisfy({ former.providers[$0.key] === $0.value })
        {
            return Rooms.Offer(models: former.models, providers: former.providers)
        }
        do {
            let entries = configuration.models.map {
                ModelTable.Entry(key: $0.name, provider: $0.provider, upstreamName: $0.upstream, rules: $0.rules)
            }
            let table = try ModelTable(entries, providers: configuration.providers.map(\.name))
            let models = Models(
                table: table,
                destinations: destinations,
                surroundings: Models.Surroundings(held: site.held, clock: site.clock, marks: marks(pseudonymKey)),
                started: former?.models.started
            )
            return Rooms.Offer(models: models, providers: providers)
        } catch {
            throw .other(error.faults.map(\.description).joined(separator: "\n"))
        }
    }

    /// A provider about which nothing has changed stays the very same, with its connections; another address, another
    /// time-out or another key makes another one (SEC-509).
    private func kept(_ provider: Configuration.Provider, _ vault: Vault) -> Models.Destination? {
        guard let former, let before, let known = former.providers[provider.name],
            known.name.hasSameBytes(as: provider.name), before.providers.contains(provider),
            vault.hasSameKey(provider.name, as: former.vault)
        else { return nil }
        return .http(known)
    }

    /// How callers are named towards providers: by the pseudonym that the gate knows them by.
    private func marks(_ key: SymmetricKey) -> @Sendable (Permit) -> CallerMarks {
        { permit in
            let name = permit.identity.pseudonym
            var bytes: [UInt8] = []
            Hex.forEachDigit(of: name.high) { bytes.append($0) }
            Hex.forEachDigit(of: name.low) { bytes.append($0) }
            return CallerMarks(key: key, principal: bytes)
        }
    }

    private func made(_ provider: Configuration.Provider) throws(Running.Failure) -> Models.Destination {
        let traits = provider.traits
        guard traits.kind != .echo else { return .echo }
        guard let base = (provider.baseURL ?? traits.base).flatMap(Origin.init) else {
            throw .other("providers.\(provider.name).base_url is not an http or https URL")
        }
        let target = try target(of: provider, base)
        var rules = HTTPProvider.Rules()
        rules.onLoss = provider.onLoss
        rules.retries = provider.retries
        rules.hasKey = !provider.places.isEmpty || traits.needsKey
        return .http(
            HTTPProvider(name: provider.name, traits: traits, target: target, held: site.held, rules: rules)
        )
    }
}
