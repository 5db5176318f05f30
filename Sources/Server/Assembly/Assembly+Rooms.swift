import Crypto
import OstiaryCharter
import OstiaryCore
import OstiaryIdentity
import OstiaryJournal
import OstiaryModels
import OstiaryPurse
import OstiaryVault
import OstiaryWire

// Each room from its part of the configuration; a fault is a sentence for the operator.
extension Assembly {
    func openJournal(_ loops: Int) throws(Running.Failure) -> (Journal, LogWriter) {
        let form = configuration.journal.log
        let format: RequestLog.Format = form == .json ? .json : .text
        do {
            let writer = try LogWriter(sink: sink, notice: RequestLog.notice(format, clock: clock))
            let level = LogLevel(name: configuration.journal.level.rawValue) ?? .info
            let journal = Journal(
                log: RequestLog(format: format, level: level, writer: writer),
                metrics: Metrics(loops: loops, version: Version.current),
                percentiles: LivePercentiles(loops: loops, at: clock.monotonic),
                clock: clock
            )
            return (journal, writer)
        } catch {
            throw .other("\(error)")
        }
    }

    func openVault(_ journal: Journal) throws(Running.Failure) -> Vault {
        var references: [String: SourceReference] = [:]
        do {
            for provider in configuration.providers {
                if let key = provider.key { references[provider.name] = try SourceReference(key.description) }
            }
            let vault = try Vault(references, environment: environment)
            for warning in vault.warnings { journal.event(.warning, "a key's place", ["about": "\(warning)"]) }
            return vault
        } catch {
            throw .other("\(error)")
        }
    }

    func openIdentity(
        _ crew: Crew,
        _ mint: DevelopmentMint?,
        _ journal: Journal
    ) throws(Running.Failure) -> TokenVerifier {
        var issuers: [TrustedIssuer] = []
        if let mint {
            var policy = TokenPolicy()
            policy.issuer = mint.issuer.issuer
            policy.audiences = [DevelopmentMint.audience]
            if let source = FetchedKeySet(
                url: mint.issuer.issuer + "/jwks.json",
                fetcher: HTTPFetcher(crew: crew, book: book)
            ) {
                issuers.append(TrustedIssuer(policy: policy, source: source))
            }
        }
        for issuer in configuration.identity.jwt {
            guard let source = issuer.source(fetcher(issuer, crew, journal)) else {
                throw .other("identity.jwt: the key set's URL must be https, or http on loopback")
            }
            if issuer.audiences.isEmpty {
                // RFC 7519 section 4.1.3 wants a token with a foreign audience refused.
                journal.event(
                    .warning,
                    "no audiences are configured: tokens that the issuer made for others are believed too",
                    ["issuer": issuer.issuer ?? ""]
                )
            }
            issuers.append(TrustedIssuer(policy: issuer.policy, source: source))
        }
        do {
            return try TokenVerifier(
                issuers: issuers,
                pseudonymKey: try pseudonymKey(journal),
                clock: clock,
                notice: { notice in journal.tell(notice) }
            )
        } catch let failure as Running.Failure {
            throw failure
        } catch {
            throw .other("identity.jwt: \(error)")
        }
    }

    private func pseudonymKey(_ journal: Journal) throws(Running.Failure) -> SymmetricKey {
        guard let reference = configuration.identity.hashKey else {
            journal.event(
                .warning,
                "IDENTITY_HASH_KEY is not set: limits do not survive a restart and are not shared"
            )
            return SymmetricKey(size: .bits256)
        }
        do {
            return try HashKey.read(reference, environment: environment)
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
        let limits = configuration.limits
        do {
            return Purse(
                limits: try Limits(
                    requestsPerMinute: limits.requestsPerMinute,
                    burst: limits.burst,
                    concurrent: limits.concurrent
                )
            )
        } catch {
            throw .other("\(error)")
        }
    }

    func failureLimiter() throws(Running.Failure) -> FailureLimiter {
        do {
            return try FailureLimiter(perMinute: configuration.limits.failuresPerMinute)
        } catch {
            throw .other("\(error)")
        }
    }

    func models(_ journal: Journal) throws(Running.Failure) -> Models {
        var destinations: [String: Models.Destination] = [:]
        for provider in configuration.providers {
            destinations[provider.name] = try destination(provider, journal)
        }
        do {
            let entries = configuration.models.map {
                ModelTable.Entry(key: $0.name, provider: $0.provider, upstreamName: $0.upstream)
            }
            let table = try ModelTable(entries, providers: configuration.providers.map(\.name))
            return Models(table: table, destinations: destinations, held: held, clock: clock)
        } catch {
            throw .other(error.faults.map(\.description).joined(separator: "\n"))
        }
    }

    private func destination(
        _ provider: Configuration.Provider,
        _ journal: Journal
    ) throws(Running.Failure) -> Models.Destination {
        guard let kind = ProviderKind(rawValue: provider.kind.rawValue) else {
            throw .other("providers.\(provider.name): unknown kind")
        }
        let traits = ProviderCatalogue.traits(of: kind)
        guard kind != .echo else { return .echo }
        guard let base = (provider.baseURL ?? traits.base).flatMap(Origin.init) else {
            throw .other("providers.\(provider.name).base_url is not an http or https URL")
        }
        let target = try target(of: provider, base, journal)
        return .http(HTTPProvider(name: provider.name, traits: traits, target: target, held: held))
    }
}
