import OstiaryCore

/// `config.yaml` of Claude-Throne's `ct_secretsd`, for those who start this gate in its place.
///
/// Read where no file of the gate's own is named: from `CT_SECRETSD_CONFIG`, or else from `~/.ct_secretsd/config.yaml`.
/// Its keys are few and mean what they meant; one that is not known here is a fault, as in the gate's own file. A gate
/// that has nothing else is a credentials daemon alone: it has no public door, and its proxies are for virtual keys.
struct SecretsdFile: Sendable {
    /// The variable that names it.
    static let variable = "CT_SECRETSD_CONFIG"

    /// A provider that it tells of.
    struct Provider: Sendable {
        var id: String = ""
        var name: String?
        var base: String?
    }

    /// Where keys are kept.
    struct Storage: Sendable {
        var backend: Configuration.Vault.Backend?
        var path: String?
    }

    /// Where it was read.
    var file: String = ""
    var host: String?
    var port: Int?
    var debug = false
    var level: Configuration.Journal.Level?
    var storage = Storage()
    var providers: [Provider] = []

    /// Where it lies; `nil` where there is none.
    static func path(_ surroundings: Configuration.Surroundings) -> String? {
        if let named = surroundings.variables[variable], !named.isEmpty { return named }
        guard let home = surroundings.variables["HOME"], home.utf8.first == UInt8(ascii: "/") else { return nil }
        let standard = "\(home)/.ct_secretsd/config.yaml"
        return surroundings.look(standard) == .file ? standard : nil
    }

    /// - Throws: every fault of the file at once.
    init(_ path: String, _ surroundings: Configuration.Surroundings) throws(Configuration.Faults) {
        guard let bytes = surroundings.read(path, Document.largest) else {
            throw Configuration.Faults(all: [
                Configuration.Fault(
                    place: .variable(Self.variable),
                    message: "`\(Reading.printable(path, most: 256))` cannot be read",
                    hint: "check the path, or unset \(Self.variable)"
                )
            ])
        }
        var reading = Reading(file: path, variables: [:], flags: [:])
        if let (root, twins) = Document.compose(bytes, &reading) {
            reading.section(root, twins, Self.fields, later: [], into: &self)
        }
        guard reading.faultsInOrder.isEmpty else { throw Configuration.Faults(all: reading.faultsInOrder) }
        file = path
        let home = surroundings.variables["HOME"] ?? ""
        storage.path = storage.path.map { $0.hasPrefix("~/") ? home + $0.dropFirst() : $0 }
    }

    /// Says in the gate's own words what the file says. Environment and flags come after it, as after a file of the
    /// gate's own.
    func apply(to configuration: inout Configuration, _ reading: inout Reading) {
        configuration.daemon.inherited = file
        let standing = configuration.admin.address
        let host = host ?? standing.host
        if let address = Configuration.Address(
            parsing: host.utf8.contains(UInt8(ascii: ":"))
                ? "[\(host)]:\(port ?? Int(standing.port))" : "\(host):\(port ?? Int(standing.port))"
        ) {
            configuration.admin.address = address
        } else {
            reading.fault(
                .file(file, line: 1, column: 1),
                "`host` must be an IP address of this machine",
                hint: "such as 127.0.0.1"
            )
        }
        if let level { configuration.journal.level = level }
        if debug {
            configuration.journal.level = .debug
            configuration.journal.trace = Configuration.Trace.allCases
        }
        configuration.vault.backend = storage.backend ?? .auto
        configuration.vault.file = storage.path
        configuration.daemon.others = providers.compactMap { provider in
            guard let base = provider.base else { return nil }
            return Configuration.Daemon.Other(id: provider.id, name: provider.name ?? provider.id, base: base)
        }
    }

    private static let fields: [Field<SecretsdFile>] = [
        .value(\.host, About(name: "host", help: "the host of the admin door"), Form.text("an IP address").optional),
        .value(\.port, About(name: "port", help: "its port"), Form.whole(0...65_535).optional),
        .value(\.debug, About(name: "debug", help: "says more"), .truth),
        .value(\.level, About(name: "log_level", help: "how much is logged"), Form.secretsdLevel.optional),
        .value(\.host, About(name: "auth_token", help: "refused"), Form.noSecret.optional),
        .section(
            \.storage,
            About(name: "storage", help: "where keys are kept"),
            [
                .value(
                    \.backend,
                    About(name: "backend", help: "which store"),
                    Form<Configuration.Vault.Backend>.choice.optional
                ),
                .value(\.path, About(name: "file_path", help: "the sealed file"), Form.path.optional),
            ]
        ),
        .table(
            \.providers,
            About(name: "providers", help: "where keys are for"),
            each: Provider(),
            name: \.id,
            .providerName,
            [
                .value(\.name, About(name: "name", help: "as people call it"), Form.text("a name", most: 128).optional),
                .value(\.base, About(name: "base_url", help: "where it is"), Form.keyServer.optional),
            ],
            most: 100
        ),
    ]
}

extension Form where Value == Configuration.Journal.Level {
    /// A level as Python's logging and uvicorn call it.
    static var secretsdLevel: Form {
        Form(
            noun: "one of debug, info, warning, error, critical",
            schema: [.init("type", "string")],
            parse: { written throws(Complaint) in
                guard let level = Configuration.Journal.Level(secretsd: written.text) else { throw Complaint() }
                return level
            },
            show: { $0.rawValue }
        )
    }
}

extension Form where Value == String {
    /// A secret in the wrong place.
    fileprivate static var noSecret: Form {
        Form(
            noun: "nothing",
            schema: [.init("type", "string")],
            parse: { _ throws(Complaint) in
                throw Complaint(
                    "is a secret, and is not read from here",
                    hint: "remove it, and set CT_SECRETSD_AUTH_TOKEN; without it a token is made at the first start"
                )
            },
            show: { _ in nil }
        )
    }
}

extension Configuration.Journal.Level {
    /// A level in any case, as `ct_secretsd` knows it.
    init?(secretsd text: String) {
        switch text.lowercased() {
        case "critical": self = .error
        case "warn": self = .warning
        case let other: self.init(rawValue: other)
        }
    }
}

extension Configuration {
    /// What a gate needs that has `ct_secretsd`'s file and nothing else: callers by virtual keys, and no public door, as
    /// nobody could be sent on from there.
    mutating func settleAlone(_ mode: Mode, _ reading: Reading) {
        guard daemon.inherited != nil, mode == .serving else { return }
        if identity.jwt.isEmpty, identity.keys == nil, !identity.local, identity.certificates.subjectFrom == nil,
            identity.workloads.rules.isEmpty
        {
            identity.local = true
            identity.keys = "\(daemon.folder)/\(Self.usualKeysFile)"
        }
        guard providers.isEmpty else { return }
        daemon.isAlone = true
        let isPlaced = reading.place(of: ["listen", "address"]) != nil || listen.tls.address != nil
        if !isPlaced { listen.isPlain = false }
    }
}
