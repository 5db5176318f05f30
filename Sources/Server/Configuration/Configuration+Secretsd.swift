extension Configuration {
    /// The variables of Claude-Throne's `ct_secretsd`, for those who start this gate in its place.
    static let secretsdVariables: [Variable] = [
        Variable(
            name: SecretsdFile.variable,
            help: "its `config.yaml`, read where there is no `--config`; else `~/.ct_secretsd/config.yaml`, if any"
        ),
        Variable(name: "CT_SECRETSD_HOST", help: "the host of `admin.address`; loopback only"),
        Variable(name: "CT_SECRETSD_PORT", help: "the port of `admin.address`"),
        Variable(name: "CT_SECRETSD_LOG_LEVEL", help: "`journal.level`, in any case"),
        Variable(name: "CT_SECRETSD_DEBUG", help: "true: everything that `journal.trace` can say"),
        Variable(name: "CT_SECRETSD_PASSPHRASE_FILE", help: "a file with the passphrase of `vault.passphrase`"),
        Variable(
            name: "CT_SECRETSD_AUTH_TOKEN",
            help: "the token of the admin door itself, in place of `daemon.token`"
        ),
    ]

    mutating func applySecretsdVariables(_ reading: inout Reading) {
        func given(_ name: String) -> String? { reading.variables[name].flatMap { $0.isEmpty ? nil : $0 } }
        let host = given("CT_SECRETSD_HOST")
        let port = given("CT_SECRETSD_PORT")
        if host != nil || port != nil {
            let standing = admin.address
            let name = host ?? (standing.host.utf8.contains(UInt8(ascii: ":")) ? "[\(standing.host)]" : standing.host)
            let place: Place = .variable(host == nil ? "CT_SECRETSD_PORT" : "CT_SECRETSD_HOST")
            reading.path = ["admin", "address"]
            if let address = Address(parsing: "\(name):\(port ?? "\(standing.port)")") {
                reading.note(place)
                admin.address = address
            } else {
                reading.fault(place, "CT_SECRETSD_HOST and CT_SECRETSD_PORT must be an IP address and a port")
            }
            reading.path = []
        }
        if let text = given("CT_SECRETSD_LOG_LEVEL") {
            if let level = Journal.Level(secretsd: text) {
                journal.level = level
            } else {
                reading.fault(
                    .variable("CT_SECRETSD_LOG_LEVEL"),
                    "CT_SECRETSD_LOG_LEVEL must be one of debug, info, warning, error, critical"
                )
            }
        }
        if let text = given("CT_SECRETSD_DEBUG"), ["1", "true", "yes", "on"].contains(text.lowercased()) {
            journal.level = .debug
            journal.trace = Trace.allCases
        }
        if given("CT_SECRETSD_AUTH_TOKEN") != nil { daemon.token = .environment("CT_SECRETSD_AUTH_TOKEN") }
    }
}
