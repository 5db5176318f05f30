extension Configuration {
    /// How the program is to run.
    public enum Mode: Sendable {
        /// Callers come with tokens of the configured issuers.
        case serving
        /// The gate is its own issuer, on loopback; `identity.jwt` stays empty and the echo provider stands in where
        /// none is configured.
        case development
    }

    /// Where a process reads its configuration from, at start and at every reload.
    public struct Source: Hashable, Sendable {
        /// The file's path, or `nil` where the environment alone says everything.
        public var file: String?
        /// Values by flag name without dashes.
        public var flags: [String: String]

        public init(file: String? = nil, flags: [String: String] = [:]) {
            self.file = file
            self.flags = flags
        }

        /// - Throws: every fault at once.
        public func read(mode: Mode, surroundings: Surroundings) throws(Faults) -> Configuration {
            try Configuration.load(file: file, flags: flags, mode: mode, surroundings: surroundings)
        }
    }

    /// The flag that makes a proxy of a configuration.
    public static let proxyFlag = "proxy"

    /// The flag that says that a passphrase was handed to the process.
    public static let passphraseFlag = "passphrase-fd"

    /// Reads a running process's configuration again.
    /// - Parameter variables: the environment of its start; a variable with a secret has a value that is not its own.
    public typealias Reader = @Sendable (_ variables: [String: String]) throws(Faults) -> Configuration

    /// Reads the whole configuration: the file, then the environment, then flags, each over the one before.
    ///
    /// - Parameters:
    ///   - file: the file's path, or `nil` to start from the environment alone.
    ///   - flags: values by flag name without dashes, for the flags that the schema knows (`listen`, `admin`).
    /// - Throws: every fault at once.
    public static func load(
        file: String?,
        flags: [String: String] = [:],
        mode: Mode = .serving,
        surroundings: Surroundings
    ) throws(Faults) -> Configuration {
        var bytes: [UInt8] = []
        var secretsd: SecretsdFile?
        if let path = SecretsdFile.path(surroundings) {
            if file == nil {
                secretsd = try SecretsdFile(path, surroundings)
            } else if surroundings.variables[SecretsdFile.variable].map({ !$0.isEmpty }) ?? false {
                throw Faults(all: [
                    Fault(
                        place: .variable(SecretsdFile.variable),
                        message: "\(SecretsdFile.variable) names a second configuration beside --config",
                        hint: "unset \(SecretsdFile.variable), or leave --config out"
                    )
                ])
            }
        }
        if let file {
            guard let read = surroundings.read(file, Document.largest) else {
                let message: String
                switch surroundings.look(file) {
                case .missing: message = "there is no file `\(Reading.printable(file, most: 256))`"
                case .folder: message = "`\(Reading.printable(file, most: 256))` is a folder"
                default: message = "`\(Reading.printable(file, most: 256))` cannot be read"
                }
                throw Faults(all: [
                    Fault(
                        place: .nowhere,
                        message: message,
                        hint: "check the path; without a file the environment alone is enough"
                    )
                ])
            }
            bytes = read
        }
        return try read(
            bytes,
            file: file,
            flags: flags,
            mode: mode,
            surroundings: surroundings,
            after: secretsd
        )
    }

    /// Reads a configuration from the bytes of a file that faults call `file`.
    public static func read(
        _ bytes: [UInt8],
        file: String?,
        flags: [String: String] = [:],
        mode: Mode = .serving,
        surroundings: Surroundings
    ) throws(Faults) -> Configuration {
        try read(bytes, file: file, flags: flags, mode: mode, surroundings: surroundings, after: nil)
    }

    private static func read(
        _ bytes: [UInt8],
        file: String?,
        flags: [String: String],
        mode: Mode,
        surroundings: Surroundings,
        after secretsd: SecretsdFile?
    ) throws(Faults) -> Configuration {
        var reading = Reading(file: file, variables: surroundings.variables, flags: flags)
        var configuration = Configuration()
        secretsd?.apply(to: &configuration, &reading)
        if let (root, twins) = Document.compose(bytes, &reading) {
            reading.section(root, twins, schema, later: laterSections, into: &configuration)
        }
        // Without a readable file everything that it would have said is missing; only its own fault is worth telling.
        guard reading.isComplete else { throw Faults(all: reading.faultsInOrder) }
        configuration.settlePaths(besides: file)
        reading.override(schema, &configuration)
        configuration.applyProviderVariables(&reading)
        configuration.applySecretsdVariables(&reading)
        configuration.applyClaudeVariables(&reading, surroundings)
        if flags[passphraseFlag] != nil { configuration.vault.passphrase = .environment(Vault.handed) }
        configuration.settleDaemon(surroundings)
        configuration.settleAlone(mode, reading)
        if flags[proxyFlag] != nil { configuration = try configuration.asProxy(surroundings.variables) }
        if configuration.listen.tls.address != nil, reading.place(of: ["listen", "address"]) == nil {
            configuration.listen.isPlain = false
        }
        var checks = Checks(reading: reading, surroundings: surroundings, mode: mode)
        checks.run(&configuration)
        let faults = checks.reading.faultsInOrder
        guard faults.isEmpty else { throw Faults(all: faults) }
        if flags[proxyFlag] != nil { configuration.settleProxyModels(surroundings.variables) }
        return configuration
    }

    /// Makes the file's relative paths count from its folder.
    mutating func settlePaths(besides file: String?) {
        guard let file, let slash = file.utf8.lastIndex(of: UInt8(ascii: "/")) else { return }
        let folder = String(file[...slash])
        func settled(_ path: String) -> String {
            path.utf8.first == UInt8(ascii: "/") ? path : folder + path
        }
        func settled(_ reference: SecretReference?) -> SecretReference? {
            if case .file(let path) = reference { .file(settled(path)) } else { reference }
        }
        admin.socket = admin.socket.map(settled)
        listen.tls.certificate = listen.tls.certificate.map(settled)
        listen.tls.key = listen.tls.key.map(settled)
        listen.tls.clientCertificates.authorities = listen.tls.clientCertificates.authorities.map(settled)
        vault.file = vault.file.map(settled)
        vault.keyFile = vault.keyFile.map(settled)
        if !daemon.folder.isEmpty { daemon.folder = settled(daemon.folder) }
        if !daemon.tokenFile.isEmpty { daemon.tokenFile = settled(daemon.tokenFile) }
        daemon.token = settled(daemon.token)
        vault.passphrase = settled(vault.passphrase)
        identity.hashKey = settled(identity.hashKey)
        identity.keys = identity.keys.map(settled)
        identity.nuc.key = settled(identity.nuc.key)
        identity.nuc.revocations = identity.nuc.revocations.map(settled)
        identity.workloads.signingKey = settled(identity.workloads.signingKey)
        for index in identity.workloads.rules.indices {
            guard case .file(let path) = identity.workloads.rules[index].token.jwks else { continue }
            identity.workloads.rules[index].token.jwks = .file(settled(path))
        }
        for index in identity.jwt.indices {
            if case .file(let path) = identity.jwt[index].jwks { identity.jwt[index].jwks = .file(settled(path)) }
        }
        for index in providers.indices {
            providers[index].key = settled(providers[index].key)
            providers[index].source?.settle(settled, settled)
            for key in providers[index].keys.indices { providers[index].keys[key].settle(settled, settled) }
            providers[index].tls.authority = providers[index].tls.authority.map(settled)
        }
    }
}
