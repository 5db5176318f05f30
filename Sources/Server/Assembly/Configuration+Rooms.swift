import OstiaryCore
import OstiaryIdentity
import OstiaryJournal
import OstiaryWire

// The configuration's parts as the rooms want them.

extension Configuration {
    /// The scopes that each issuer's tokens need.
    var scopes: [(issuer: String?, scopes: [Route.Kind: Scopes])] {
        identity.jwt.map { issuer in (issuer.issuer, issuer.scopes.mapValues { Scopes($0) }) }
    }

    /// The variables that hold secrets.
    var secretVariables: [String] {
        (providers.map(\.key) + [identity.hashKey]).compactMap { reference in
            if case .environment(let name) = reference { name } else { nil }
        }
    }
}

extension Configuration.Journal {
    var format: RequestLog.Format { log == .json ? .json : .text }
    /// The least severe line that is written.
    var least: LogLevel { LogLevel(name: level.rawValue) ?? .info }
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
