import OstiaryCharter
import OstiaryCore
import OstiaryIdentity
import OstiaryJournal
import OstiaryVault
import OstiaryWire

// The configuration's parts as the rooms want them.

extension Configuration {
    /// The scopes that each issuer's tokens need.
    var scopes: [(issuer: String?, scopes: [Route.Kind: Scopes])] {
        let issuers = identity.jwt.map { issuer in
            (issuer: issuer.issuer, scopes: issuer.scopes.mapValues { Scopes($0) })
        }
        var others: [String] = []
        if identity.certificates.subjectFrom != nil { others.append(CertificateAuthenticator.issuer) }
        if identity.keys != nil { others.append(KnownKeys.issuer) }
        if identity.nuc.key != nil { others.append(NucAuthenticator.issuer) }
        if !identity.workloads.rules.isEmpty { others.append(identity.workloads.issuer) }
        if identity.local { others.append(OwnerMint.issuer) }
        guard !issuers.isEmpty else { return [] }
        // Before an issuer without a name, whose rules would serve everybody.
        return others.map { (issuer: $0, scopes: Charter.defaultScopes) } + issuers
    }

    /// The variables that hold secrets.
    var secretVariables: [String] {
        let others = [
            identity.hashKey, identity.workloads.signingKey, identity.nuc.key, daemon.token, vault.passphrase,
        ]
        return providers.flatMap { $0.places.flatMap(\.secretVariables) }
            + others.compactMap { reference in
                if case .environment(let name) = reference { name } else { nil }
            }
    }
}

extension Configuration.Journal {
    var format: RequestLog.Format { log == .json ? .json : .text }
    /// The least severe line that is written.
    var least: LogLevel { LogLevel(name: level.rawValue) ?? .info }
}

extension Configuration.CertificateCallers {
    /// `nil` where nobody is known by a certificate alone.
    var rule: CertificateRule? {
        let source: CertificateRule.Source? =
            switch subjectFrom {
            case nil: nil
            case .sanURI: .uri
            case .sanDNS: .dnsName
            case .subject: .subject
            }
        return source.map { CertificateRule(source: $0, scopes: scopes) }
    }
}

extension Configuration.Bounds {
    var edge: EdgeLimits {
        var limits = EdgeLimits()
        limits.head.head = head
        limits.head.fields = fields
        limits.head.target = target
        limits.body = body
        limits.chunkExtensions = chunkExtensions
        limits.trailers = trailers
        limits.headTime = headerTimeout
        limits.bodyIdleTime = bodyIdle
        limits.bodyRate = Double(bodyRate)
        limits.sendTime = sendIdle
        limits.idleTime = idle
        limits.connections = connections
        limits.connectionsPerPeer = connectionsPerPeer
        limits.requestsPerConnection = requestsPerConnection
        return limits
    }
}

extension Configuration.TokenIssuer {
    var policy: TokenPolicy {
        var policy = TokenPolicy()
        policy.issuer = issuer
        policy.audiences = audiences.isEmpty ? nil : audiences
        policy.algorithms = algorithms.compactMap { SignatureAlgorithm(named: $0.rawValue) }
        policy.leeway = leeway
        policy.longestLife = maxLifetime
        return policy
    }

    func source(_ fetcher: any Fetcher) -> (any KeySetSource)? {
        switch jwks {
        case .url(let url): FetchedKeySet(url: url, fetcher: fetcher)
        case .file(let path): KeySetFile(path: path)
        }
    }
}

extension Journal {
    /// Says what happens to the public door's TLS.
    func tell(_ notice: TLSNotice) {
        switch notice {
        case .changed(let until):
            event(.info, "the certificate was changed", ["until": "\(Int(until.seconds))"])
        case .refused(let fault):
            event(
                .error,
                "the certificate's files changed and cannot be used; what was there before goes on",
                ["reason": "\(fault)", "hint": fault.hint]
            )
        case .warning(let warning): event(.warning, "a certificate's file", ["about": "\(warning)"])
        case .handshakesFailed(let failed, let certificate, let timeout):
            event(
                .warning,
                "TLS handshakes failed lately",
                ["failed": "\(failed)", "certificate": "\(certificate)", "timeout": "\(timeout)"]
            )
        }
    }

    /// Says what happens to the keys of providers.
    func tell(_ notice: KeyNotice) {
        func fields(_ key: KeyLabel) -> KeyValuePairs<StaticString, String> {
            ["provider": key.name, "key": "\(key.index)", "place": key.place]
        }
        switch notice {
        case .changed(let key): event(.info, "a provider's key was changed by its source", fields(key))
        case .refreshFailed(let key, let fault):
            event(
                .warning,
                "a provider's key could not be read",
                ["provider": key.name, "key": "\(key.index)", "reason": fault.description]
            )
        case .stale(let key): event(.warning, "a provider's key is used beyond its time", fields(key))
        case .refused(let key):
            event(.error, "a provider refuses its key, and the key's source gives no other", fields(key))
        case .accepted(let key): event(.info, "a provider takes a key again that it had refused", fields(key))
        }
    }

    /// Says what an operator should know about keys.
    func tell(_ notice: KeySetNotice) {
        switch notice {
        case .keyDropped(let position, let fault):
            event(.warning, "a key of the key set was left out", ["position": "\(position)", "reason": fault.rawValue])
        case .refreshFailed(let reason):
            event(.warning, "the key set could not be read", ["reason": reason])
        case .stale(let age):
            event(.warning, "the key set is used beyond its time", ["age_seconds": "\(age)"])
        case .fastCheckOff(let fault):
            event(
                .error,
                "the fast check of signatures disagreed with the library's and is off until the next start; please report",
                ["reason": fault.rawValue]
            )
        }
    }
}

extension Journal {
    /// Names the keys that a start did not wait for.
    func tell(missing keys: [KeyStatus]) {
        for key in keys {
            event(
                .warning,
                "a key has not come yet: calls that need it are answered 503 until it does",
                ["key": key.name, "source": key.source, "reason": key.lastError ?? "its place has not answered"]
            )
        }
    }
}
