extension Configuration {
    /// The credentials daemon behind the admin door.
    public struct Daemon: Hashable, Sendable {
        /// The folder of its own key, of the hashes of its tokens and of its audit trail; mode 700.
        public var folder: String = ""
        /// Where the token goes that is made at the first start.
        public var tokenFile: String = ""
        /// A token of the operator's own; then none is made.
        public var token: SecretReference?
        /// Origins of web pages that may use the admin door.
        public var origins: [String] = []
        /// Whether stored keys may be read back.
        public var reveals: Bool = true
        /// A program that `POST /proxy/start` starts in the place of a gate.
        public var proxy: ProxyProgram = ProxyProgram()
        /// Where `ct_secretsd`'s own file lies that this configuration was made of.
        public internal(set) var inherited: String?
        /// Providers that keys can be stored for besides those that everybody knows.
        var others: [Other] = []
        /// Whether there is a credentials daemon and nothing else.
        var isAlone = false

        public init() {}

        /// A provider that is somewhere else than those that everybody knows.
        struct Other: Hashable, Sendable {
            let id: String
            let name: String
            let base: String
        }
    }

    /// A program that stands in the proxy's place. It is written in the configuration alone: a call that could name one
    /// would run anything.
    public struct ProxyProgram: Hashable, Sendable {
        /// How it is lent the provider's key.
        public enum Lending: String, Sendable, CaseIterable {
            /// A file in memory, which the variable names.
            case file
            /// The variable itself, for programs that can read nothing else.
            case variable
        }

        /// The program and its arguments; empty for a gate.
        public var command: [String] = []
        public var lending: Lending = .file
        /// The variable; `nil` for `API_KEY_FILE`, or the provider's own.
        public var variable: String?
        /// Variables of the gate's environment that it may see.
        public var environment: [String] = []
        /// What must answer 200; `nil` where it is enough that it listens.
        public var health: String?

        public init() {}
    }

    /// The daemon of a gate with this file, for commands that look for its folder and its token. Nothing else of the file
    /// has to be right.
    public static func daemon(of file: String?, surroundings: Surroundings) -> Daemon {
        var configuration = section("vault", "daemon", of: file, surroundings: surroundings)
        configuration.settleDaemon(surroundings)
        return configuration.daemon
    }

    static let daemonFields: [Field<Daemon>] = [
        .value(
            \.folder,
            About(
                name: "folder",
                help: "the daemon's own key, the hashes of its tokens, and its audit trail; made with mode 700",
                fallback: "the folder of `vault.key_file`, or `~/.ostiary`",
                example: "/var/lib/ostiary/daemon",
                environment: "OSTIARY_DAEMON_FOLDER"
            ),
            Form.path
        ),
        .value(
            \.tokenFile,
            About(
                name: "token_file",
                help:
                    "where the first start puts the token that it makes, once, mode 600; the gate keeps only its hash",
                fallback: "`token` in the folder",
                example: "/run/ostiary/token"
            ),
            Form.path
        ),
        .value(
            \.token,
            About(
                name: "token",
                help:
                    "where a token of your own lies, of 16 bytes or more: env:NAME, file:PATH or keyring:NAME; none is "
                    + "made then",
                fallback: "none",
                example: "env:CT_SECRETSD_AUTH_TOKEN"
            ),
            Form.providerKey.optional
        ),
        .list(
            \.origins,
            About(
                name: "origins",
                help: "origins of web pages that may use the admin door; any other is refused with 403",
                fallback: "none",
                example: "[\"http://localhost:3000\"]"
            ),
            of: .origin,
            most: 100
        ),
        .value(
            \.reveals,
            About(
                name: "reveal",
                help: "whether a stored key can be read back, with a token that has the scope `credentials:read`; off "
                    + "where several people use one daemon"
            ),
            .truth
        ),
        .section(
            \.proxy,
            About(name: "proxy", help: "a program that `POST /proxy/start` starts, in the place of a gate"),
            proxyFields
        ),
    ]

    private static let proxyFields: [Field<ProxyProgram>] = [
        .words(
            \.command,
            About(
                name: "command",
                help:
                    "the program and its arguments; it listens at 127.0.0.1 on the port in `PORT`, and asks its "
                    + "callers what it likes",
                fallback: "a gate",
                example: "[npx, claude-throne]"
            ),
            most: 64
        ),
        .value(
            \.lending,
            About(
                name: "lend",
                help:
                    "how it gets the key: file, the path of one in memory; variable, the key itself, for programs "
                    + "that can read nothing else"
            ),
            .choice
        ),
        .value(
            \.variable,
            About(
                name: "variable",
                help: "the variable with the path or the key",
                fallback: "`API_KEY_FILE`, or the provider's own such as `OPENROUTER_API_KEY`",
                example: "OPENROUTER_API_KEY"
            ),
            Form.variableName.optional
        ),
        .list(
            \.environment,
            About(
                name: "environment",
                help: "variables of the gate's environment that it may see besides PATH, HOME and the like",
                fallback: "none",
                example: "[NODE_OPTIONS]"
            ),
            of: .variableName,
            most: 64
        ),
        .value(
            \.health,
            About(
                name: "health",
                help: "what must answer 200",
                fallback: "it is enough that it listens",
                example: "/health"
            ),
            Form.text("a path such as /health", most: 256).optional
        ),
    ]

    /// Fills in where things lie that the file does not say.
    mutating func settleDaemon(_ surroundings: Surroundings) {
        let variables = surroundings.variables
        func isThere(_ path: String) -> Bool { surroundings.look(path) == .file }
        guard vault.backend != nil || vault.file != nil else { return }
        // What somebody handed to this very start comes first (systemd.exec(5), LoadCredential).
        if case .environment(Vault.handed) = vault.passphrase {
        } else if let path = variables["CT_SECRETSD_PASSPHRASE_FILE"], !path.isEmpty {
            vault.passphrase = .file(path)
        } else if vault.passphrase == nil, vault.keyFile == nil, let folder = variables["CREDENTIALS_DIRECTORY"],
            isThere("\(folder)/ostiary-vault")
        {
            vault.passphrase = .file("\(folder)/ostiary-vault")
        }
        let home = variables["HOME"].flatMap { $0.utf8.first == UInt8(ascii: "/") ? $0 : nil } ?? "/var/lib/ostiary"
        if daemon.folder.isEmpty {
            daemon.folder = vault.keyFile.flatMap(Self.folder) ?? "\(home)/.ostiary"
        }
        if vault.passphrase != nil { vault.ownMark = "\(daemon.folder)/store.mark" }
        if daemon.tokenFile.isEmpty { daemon.tokenFile = "\(daemon.folder)/token" }
        let needsFile = vault.backend == .file || vault.backend == .auto
        guard needsFile, vault.file == nil || inheritsPlace, vault.keyFile == nil else { return }
        vault.file = vault.file ?? "\(home)/.ct_secretsd/encrypted.json"
        if vault.passphrase == nil { vault.keyFile = "\(daemon.folder)/master.key" }
        vault.isMade = true
    }

    /// Whether the store's place is `ct_secretsd`'s, which names no master key.
    private var inheritsPlace: Bool { daemon.inherited != nil }

    private static func folder(of path: String) -> String? {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")), slash != path.startIndex else { return nil }
        return String(path[..<slash])
    }
}
