extension Configuration {
    /// Where a provider's key lies, with how it is kept fresh.
    public struct KeyPlace: Hashable, Sendable {
        /// What happens to a key whose time is over while its place gives no other.
        public enum OnError: String, Sendable, CaseIterable {
            case stale, fail
        }

        /// A place on this machine.
        public var from: SecretReference?
        public var exec: Exec = Exec()
        public var aws: AWS = AWS()
        public var openbao: OpenBao = OpenBao()
        public var oidc: OIDC = OIDC()
        /// How often it has its turn among several keys.
        public var weight: Int = 1
        /// Seconds; `nil` for what the place says.
        public var ttl: Double?
        public var refreshAt: Double = 0.8
        public var timeout: Double = 10
        public var onError: OnError = .stale
        public var maxStale: Double = 86_400

        public init() {}

        public init(_ reference: SecretReference) {
            from = reference
        }

        /// The reference, where there is nothing else to say.
        var plain: SecretReference? { from.flatMap { self == KeyPlace($0) ? $0 : nil } }

        /// Whether the key lies where the daemon stores keys.
        var isStored: Bool { from?.isStored == true }
    }

    /// A command that prints a key.
    public struct Exec: Hashable, Sendable {
        public var command: [String] = []
        public var shell: Bool = false
        /// Variables of the gate's environment that the command may see.
        public var environment: [String] = []

        public init() {}
    }

    /// A secret of AWS Secrets Manager.
    public struct AWS: Hashable, Sendable {
        public var secret: String = ""
        public var jsonKey: String?
        public var region: String?
        public var versionStage: String?
        public var endpoint: String?
        public var credentials: Exec = Exec()

        public init() {}
    }

    /// A key in OpenBao or HashiCorp Vault.
    public struct OpenBao: Hashable, Sendable {
        public var addresses: [String] = []
        public var mount: String = "secret"
        public var path: String = ""
        public var field: String = "api_key"
        public var kvVersion: Int = 2
        public var namespace: String?
        public var authority: String?
        public var token: SecretReference?
        public var appRole: AppRole = AppRole()
        public var jwt: RoleLogin = RoleLogin(mount: "jwt")
        public var kubernetes: RoleLogin = RoleLogin(mount: "kubernetes")

        public init() {}
    }

    public struct AppRole: Hashable, Sendable {
        public var mount: String = "approle"
        public var roleID: String = ""
        public var secretID: SecretReference?

        public init() {}
    }

    public struct RoleLogin: Hashable, Sendable {
        public var mount: String
        public var role: String = ""
        public var token: SecretReference?

        public init(mount: String) {
            self.mount = mount
        }
    }

    /// A token that an authorization server gives to the gate.
    public struct OIDC: Hashable, Sendable {
        public enum Method: String, Sendable, CaseIterable {
            case basic, post
        }

        public var tokenURL: String = ""
        public var clientID: String = ""
        public var clientSecret: SecretReference?
        public var method: Method = .basic
        public var assertion: SecretReference?
        public var scope: String?
        public var audience: String?
        public var authority: String?

        public init() {}
    }
}

extension Configuration.KeyPlace {
    /// Every reference in it, to be settled and checked.
    var references: [Configuration.SecretReference] {
        [
            from, openbao.token, openbao.appRole.secretID, openbao.jwt.token, openbao.kubernetes.token,
            oidc.clientSecret, oidc.assertion,
        ].compactMap { $0 }
    }

    /// Applies `settle` to every path in it that counts from the file's folder.
    mutating func settle(
        _ reference: (Configuration.SecretReference?) -> Configuration.SecretReference?,
        _ path: (String) -> String
    ) {
        from = reference(from)
        openbao.token = reference(openbao.token)
        openbao.appRole.secretID = reference(openbao.appRole.secretID)
        openbao.jwt.token = reference(openbao.jwt.token)
        openbao.kubernetes.token = reference(openbao.kubernetes.token)
        openbao.authority = openbao.authority.map(path)
        oidc.clientSecret = reference(oidc.clientSecret)
        oidc.assertion = reference(oidc.assertion)
        oidc.authority = oidc.authority.map(path)
    }
}
