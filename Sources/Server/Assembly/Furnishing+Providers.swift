import OstiaryCore
import OstiaryJournal
import OstiaryWire

// The way to each provider and key set: addresses, trust, patience, and who hears of trouble.
extension Furnishing {
    func target(
        of provider: Configuration.Provider,
        _ origin: Origin
    ) throws(Running.Failure) -> UpstreamTarget {
        let name = provider.name
        let journal = site.journal
        var settings = DialSettings()
        settings.connectTime = provider.timeouts.connect
        settings.headTime = provider.timeouts.head
        settings.offersHTTP2 = provider.http2
        settings.silenceTime = provider.timeouts.silence > 0 ? provider.timeouts.silence : nil
        let addresses = TargetAddresses(site.book, AddressRules(for: origin, reach: provider.addresses)) { kind in
            journal.event(
                .warning,
                "a provider's name leads to addresses that are not allowed",
                ["provider": name, "kind": kind.rawValue, "setting": "providers.\(name).addresses"]
            )
        }
        return UpstreamTarget(
            origin,
            settings: settings,
            addresses: addresses,
            trust: try trust(in: provider),
            breaker: Breaker(provider.breaker) { state in journal.tell(state, of: name) }
        )
    }

    /// `nil` where a provider has no wishes of its own.
    private func trust(in provider: Configuration.Provider) throws(Running.Failure) -> Trust? {
        do {
            return try provider.tls.trust()
        } catch {
            let path = provider.tls.authority ?? ""
            throw .other("providers.\(provider.name).tls.authority: no certificates can be read from \(path)")
        }
    }

    func fetcher(_ issuer: Configuration.TokenIssuer) -> HTTPFetcher {
        HTTPFetcher(crew: site.crew, book: site.book, reach: issuer.addresses) { [journal = site.journal] kind in
            journal.event(
                .warning,
                "a key set's name leads to addresses that are not allowed",
                ["issuer": issuer.issuer ?? "", "kind": kind.rawValue, "setting": "identity.jwt[].addresses"]
            )
        }
    }
}

extension Configuration.ProviderTLS {
    /// Whom TLS believes; `nil` where the system's authorities do.
    func trust() throws(Trust.AuthorityFault) -> Trust? {
        guard verify else { return .believingEverybody() }
        return try authority.map { path throws(Trust.AuthorityFault) in try Trust(authority: path) }
    }
}

extension Journal {
    /// Says that a provider is left alone, tried, or back.
    func tell(_ state: Breaker.State, of provider: String) {
        switch state {
        case .open: event(.warning, "a provider fails and is left alone", ["provider": provider])
        case .halfOpen: event(.info, "it is tried whether a provider is back", ["provider": provider])
        case .closed: event(.info, "a provider is back", ["provider": provider])
        }
    }
}
