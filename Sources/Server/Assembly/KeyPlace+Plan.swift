import OstiaryVault

// The places of keys as the vault wants them.
extension Configuration.KeyPlace {
    func plan() throws(SourceFault) -> KeyPlan {
        var refresh = RefreshPlan()
        refresh.ttl = ttl
        refresh.refreshAt = refreshAt
        refresh.timeout = timeout
        refresh.onError = onError == .stale ? .stale : .fail
        refresh.maxStale = maxStale
        return KeyPlan(try source(), refresh: refresh, weight: weight)
    }

    private func source() throws(SourceFault) -> SourceReference {
        if let from { return try SourceReference(from.description) }
        if !exec.command.isEmpty {
            return SourceReference(
                ExecSource(command: exec.command, shell: exec.shell, passing: exec.environment)
            )
        }
        if !aws.secret.isEmpty { return SourceReference(aws.source) }
        if !openbao.path.isEmpty { return SourceReference(try openbao.source()) }
        guard !oidc.tokenURL.isEmpty else { throw .notAReference }
        return SourceReference(try oidc.source())
    }

    /// The variables that hold secrets, which are taken out of the environment.
    var secretVariables: [String] {
        var names = references.compactMap { reference in
            if case .environment(let name) = reference { name } else { nil }
        }
        names += ExecSource.secretVariables(exec.environment)
        if !aws.secret.isEmpty {
            names += AWSSource.secretVariables + ExecSource.secretVariables(aws.credentials.environment)
        }
        if !openbao.path.isEmpty { names += BaoSource.secretVariables }
        return names
    }
}

extension Configuration.AWS {
    fileprivate var source: AWSSource {
        var source = AWSSource()
        source.secret = secret
        source.member = jsonKey
        source.region = region
        source.stage = versionStage
        source.endpoint = endpoint
        let shell = credentials.shell ? ["/bin/sh", "-c"] : []
        source.credentialCommand = credentials.command.isEmpty ? [] : shell + credentials.command
        source.passed = credentials.environment
        return source
    }
}

extension Configuration.OpenBao {
    fileprivate func source() throws(SourceFault) -> BaoSource {
        var source = BaoSource()
        source.addresses = addresses
        source.mount = mount
        source.path = path
        source.field = field
        source.version = kvVersion
        source.namespace = namespace
        source.authority = authority
        func reference(_ given: Configuration.SecretReference?) throws(SourceFault) -> SourceReference {
            try SourceReference(given?.description ?? "file:\(BaoLogin.podToken)")
        }
        if let token { source.login = .token(try reference(token)) }
        if !appRole.roleID.isEmpty {
            source.login = .appRole(
                mount: appRole.mount,
                role: appRole.roleID,
                secret: try reference(appRole.secretID)
            )
        }
        if !jwt.role.isEmpty {
            source.login = .jwt(mount: jwt.mount, role: jwt.role, token: try reference(jwt.token))
        }
        if !kubernetes.role.isEmpty {
            source.login = .kubernetes(
                mount: kubernetes.mount,
                role: kubernetes.role,
                token: try reference(kubernetes.token)
            )
        }
        return source
    }
}

extension Configuration.OIDC {
    fileprivate func source() throws(SourceFault) -> OIDCSource {
        let proof: OIDCSource.Proof
        if let assertion {
            proof = .assertion(try SourceReference(assertion.description))
        } else {
            let secret = try SourceReference(clientSecret?.description ?? "")
            proof = method == .basic ? .basic(secret) : .post(secret)
        }
        var source = OIDCSource(proof: proof)
        source.url = tokenURL
        source.client = clientID
        source.scope = scope
        source.audience = audience
        source.authority = authority
        return source
    }
}
