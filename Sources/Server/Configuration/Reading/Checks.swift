import OstiaryCore
import OstiaryModels

/// What no single key can say: that the parts fit each other and what they name exists.
struct Checks {
    var reading: Reading
    let surroundings: Configuration.Surroundings
    let mode: Configuration.Mode

    mutating func run(_ configuration: inout Configuration) {
        checkDoors(configuration)
        checkTLS(configuration)
        checkIdentity(configuration.identity)
        checkProviders(&configuration)
        checkModels(&configuration)
        checkVault(configuration)
        checkLimits(configuration.limits)
    }

    // MARK: doors

    /// Nothing listens beyond loopback without authentication (SEC-004).
    private mutating func checkDoors(_ configuration: Configuration) {
        let (listen, admin) = (configuration.listen, configuration.admin)
        for (path, address) in doorAddresses(listen) where mode == .development && !address.isLoopback {
            fault(
                path,
                "is not loopback, which development mode refuses",
                hint: "listen on 127.0.0.1, or run without development mode"
            )
        }
        if !admin.address.isLoopback {
            fault(
                ["admin", "address"],
                "is not loopback, but the admin door asks for no credential",
                hint: "use 127.0.0.1:8123, or admin.socket"
            )
        }
        if listen.addresses.contains(where: { $0.port != 0 && $0 == admin.address }) {
            fault(["admin", "address"], "is the public door's address too", hint: "give each door its own port")
        }
        if let plain = listen.plainAddress, plain.port != 0, plain == listen.tls.address {
            fault(["listen", "tls", "address"], "is `listen.address` too", hint: "give each its own port")
        }
        if let path = admin.socket, path.utf8.count > 107 {
            fault(["admin", "socket"], "is longer than the 107 bytes that a socket's path may have")
        }
        if listen.limits.target > listen.limits.head {
            fault(["listen", "limits", "target"], "is larger than `listen.limits.head`, which holds it")
        }
        if listen.limits.connectionsPerPeer > listen.limits.connections,
            reading.place(of: ["listen", "limits", "connections_per_peer"]) != nil
        {
            fault(["listen", "limits", "connections_per_peer"], "is larger than `listen.limits.connections`")
        }
    }

    // MARK: identity

    private mutating func checkIdentity(_ identity: Configuration.Identity) {
        if mode == .development {
            if !identity.jwt.isEmpty {
                let isWritten = reading.place(of: ["identity", "jwt"]) != nil
                fault(
                    ["identity", "jwt"] + (isWritten ? [] : ["[0]"]),
                    "cannot be used in development mode, which is its own issuer",
                    hint: "remove identity.jwt and JWKS_URL, or run without development mode"
                )
            }
        } else if identity.jwt.isEmpty, identity.certificates.subjectFrom == nil, identity.keys == nil,
            !identity.local, identity.nuc.key == nil, !reading.hasFault(below: ["identity", "nuc"]),
            identity.workloads.rules.isEmpty, !reading.hasFault(below: ["identity", "workloads"]),
            !reading.hasFault(below: ["identity", "jwt"])
        {
            reading.fault(
                reading.nearestPlace(to: ["identity", "jwt"]),
                "`identity.jwt` has no issuer: nobody could enter",
                hint: "add one, or set JWKS_URL and ISSUER, or try `ostiary up` without any configuration"
            )
        }
        let nuc = identity.nuc
        if nuc.key == nil, !nuc.trusted.isEmpty || !nuc.accounts.isEmpty {
            fault(["identity", "nuc"], "has no `key`, so no capability token could be made for this gate")
        }
        if nuc.key != nil, nuc.trusted.isEmpty, nuc.accounts.isEmpty {
            fault(["identity", "nuc"], "has neither `trusted` nor `accounts`: nobody's token would be believed")
        }
        for (index, issuer) in identity.jwt.enumerated() where mode == .serving {
            check(issuer, at: ["identity", "jwt", "[\(index)]"])
        }
        var seen: Set<[UInt8]> = []
        for (index, issuer) in identity.jwt.enumerated() where identity.jwt.count > 1 {
            let path = ["identity", "jwt", "[\(index)]"]
            guard let name = issuer.issuer else {
                fault(path, "has no `issuer`, which is needed where there are several")
                continue
            }
            if !seen.insert(Array(name.utf8)).inserted {
                fault(path + ["issuer"], "is another entry's issuer too", hint: "join the two entries")
            }
        }
        checkWorkloads(identity)
        if let reference = identity.hashKey {
            check(reference, at: ["identity", "hash_key"])
            if case .environment(let name) = reference, let digits = surroundings.variables[name], !digits.isEmpty,
                Hex.decode(digits.utf8)?.count != 32
            {
                reading.fault(
                    .variable(name),
                    "\(name) must be 64 hex digits",
                    hint: "make them with: openssl rand -hex 32"
                )
            }
        }
    }

    private mutating func check(_ issuer: Configuration.TokenIssuer, at path: [String]) {
        let place = reading.nearestPlace(to: path)
        if reading.place(of: path + ["jwks"]) == nil {
            if case .variable = place {
                reading.fault(.variable("JWKS_URL"), "JWKS_URL is not set", hint: "such as https://idp.example/keys")
            } else {
                missing(path, "jwks", hint: "add jwks: https://idp.example/keys, or jwks: file:keys.json")
            }
        }
        // RFC 7519 section 4.1.3 wants a token with a foreign audience refused; with neither claim checked, every
        // token that this key set ever signed would enter.
        if issuer.issuer == nil, issuer.audiences.isEmpty, !reading.hasFault(below: path) {
            if case .variable = place {
                reading.fault(place, "neither ISSUER nor AUDIENCES is set", hint: "set at least one of them")
            } else {
                fault(path, "has neither `issuer` nor `audiences`", hint: "set at least one of them")
            }
        }
        if issuer.algorithms.isEmpty {
            fault(path + ["algorithms"], "is empty: no token could be good", hint: "such as [ES256]")
        }
        switch issuer.jwks {
        case .file(let file): check(file: file, at: path + ["jwks"])
        case .url(let url): checkAddresses(url, issuer.addresses, key: "jwks", at: path)
        }
    }

    // MARK: providers and models

    private mutating func checkProviders(_ configuration: inout Configuration) {
        if configuration.providers.isEmpty, configuration.daemon.isAlone { return }
        if configuration.providers.isEmpty, reading.place(of: ["providers"]) == nil || mode == .development {
            if mode == .development {
                var echo = Configuration.Provider()
                echo.name = "echo"
                configuration.providers = [echo]
            } else {
                reading.fault(
                    reading.nearestPlace(to: ["providers"]),
                    "no provider is configured",
                    hint: "add one below `providers`, or set TINFOIL_API_KEY"
                )
            }
        } else if configuration.providers.isEmpty, !reading.hasFault(below: ["providers"]) {
            fault(["providers"], "is empty", hint: "such as local: {kind: echo}")
        }
        for index in configuration.providers.indices {
            let provider = configuration.providers[index]
            let path = ["providers", provider.name]
            guard reading.place(of: path) != nil else { continue }
            if reading.place(of: path + ["kind"]) == nil, case .file = reading.nearestPlace(to: path) {
                if !reading.hasFault(below: path) {
                    let kinds = Configuration.Provider.Kind.allCases.map(\.rawValue).joined(separator: ", ")
                    missing(path, "kind", hint: "one of \(kinds)")
                }
                continue
            }
            guard !reading.hasFault(below: path + ["kind"]) else { continue }
            if provider.kind == .echo {
                for key in ["base_url", "key", "keys", "addresses", "tls", "breaker", "api", "on_loss", "retries"]
                where reading.place(of: path + [key]) != nil {
                    fault(path + [key], "means nothing to the kind echo", hint: "remove it")
                }
                continue
            }
            if let url = provider.baseURL { checkAddresses(url, provider.addresses, key: "base_url", at: path) }
            checkTLS(provider, at: path)
            if provider.baseURL == nil {
                configuration.providers[index].baseURL = provider.kind.publicURL
                if provider.kind.publicURL == nil, !reading.hasFault(below: path + ["base_url"]) {
                    missing(path, "base_url", hint: "where the server's API begins, such as https://models.example/v1")
                }
            }
            if provider.api != nil, provider.kind != .custom {
                fault(path + ["api"], "is for the kind custom alone", hint: "remove it")
            }
            if !provider.places.isEmpty {
                checkKeys(provider, at: path)
            } else if provider.kind.needsKey, !reading.hasFault(below: path + ["key"]),
                !reading.hasFault(below: path + ["keys"])
            {
                missingKey(path)
            }
        }
    }

    private mutating func missingKey(_ path: [String]) {
        let place = reading.nearestPlace(to: path)
        if case .variable = place {
            reading.fault(
                .variable("TINFOIL_API_KEY"),
                "TINFOIL_API_KEY is not set",
                hint: "set it, or TINFOIL_API_KEY_FILE"
            )
        } else {
            missing(path, "key", hint: "put the key into a variable and write key: env:NAME")
        }
    }

    private mutating func checkModels(_ configuration: inout Configuration) {
        let names = configuration.providers.map(\.name)
        if configuration.models.isEmpty, !reading.hasFault(below: ["models"]) {
            guard names.count <= 1 else {
                reading.fault(
                    reading.nearestPlace(to: ["models"]),
                    "`models` must say which of the \(names.count) providers serves what",
                    hint: "such as \"*\": {provider: \(Reading.printable(names[0]))}"
                )
                return
            }
            if let name = names.first {
                var model = Configuration.Model()
                model.name = "*"
                model.provider = name
                configuration.models = [model]
            }
            return
        }
        for model in configuration.models {
            let path = ["models", model.name]
            if reading.place(of: path + ["provider"]) == nil {
                if reading.place(of: path) != nil, !reading.hasFault(below: path) {
                    missing(path, "provider", hint: "add provider: NAME")
                }
            } else if !names.contains(where: { $0.utf8.elementsEqual(model.provider.utf8) }),
                !reading.hasFault(below: path + ["provider"])
            {
                let near = Nearest.to(model.provider, among: names).map { "did you mean `\($0)`?" }
                let known = names.isEmpty ? nil : "known: " + names.prefix(8).joined(separator: ", ")
                fault(path + ["provider"], "names no provider of this configuration", hint: near ?? known)
            }
            for (index, other) in model.others.enumerated()
            where !names.contains(where: { $0.utf8.elementsEqual(other.provider.utf8) }) {
                let place = path + ["others", "[\(index)]"]
                guard !reading.hasFault(below: place) else { continue }
                if other.provider.isEmpty {
                    missing(place, "provider", hint: "add provider: NAME")
                } else {
                    fault(place + ["provider"], "names no provider of this configuration")
                }
            }
            if model.isPattern, model.upstream != nil {
                fault(path + ["name"], "cannot be used with a pattern, which passes the name on", hint: "remove it")
            }
        }
    }

    private mutating func checkLimits(_ limits: Configuration.Limits) {
        if limits.requestsPerMinute > 0, limits.burst == 0 {
            fault(
                ["limits", "burst"],
                "must be at least 1 while there is a rate",
                hint: "switch the rate limit off with requests_per_minute 0"
            )
        }
        if limits.countsPerMinute > 0, limits.countBurst == 0 {
            fault(
                ["limits", "count_burst"],
                "must be at least 1 while there is a rate",
                hint: "switch the limit off with counts_per_minute 0"
            )
        }
    }

    // MARK: what references name

    mutating func check(_ reference: Configuration.SecretReference, at path: [String]) {
        switch reference {
        case .file(let file): check(file: file, at: path)
        // Looked into at start: a store is opened for that, and a keyring asked.
        case .vault, .keyring: break
        case .environment(let name):
            guard let value = surroundings.variables[name], !value.isEmpty else {
                fault(
                    path,
                    "names the variable \(Reading.printable(name)), which is not set",
                    hint: "set \(Reading.printable(name))"
                )
                return
            }
            if value.utf8.contains(where: { $0 < 0x20 || $0 == 0x7f }) {
                reading.fault(
                    .variable(name),
                    "\(Reading.printable(name)) has a line break or another control character in it",
                    hint: "set it again without"
                )
            }
        }
    }

    mutating func check(file: String, at path: [String]) {
        switch surroundings.look(file) {
        case .file: break
        case .missing: fault(path, "names a file that does not exist")
        case .unreadable: fault(path, "names a file that cannot be read", hint: "check its owner and mode")
        case .folder: fault(path, "names a folder")
        case .empty: fault(path, "names a file with nothing in it")
        }
    }

    // MARK: telling

    mutating func fault(_ path: [String], _ message: String, hint: String? = nil) {
        let place = reading.nearestPlace(to: path)
        let before = reading.path
        reading.path = path
        reading.fault(place, "\(reading.subject(at: place)) \(message)", hint: hint)
        reading.path = before
    }

    mutating func missing(_ path: [String], _ key: String, hint: String) {
        reading.fault(reading.nearestPlace(to: path), "`\(Reading.spell(path + [key]))` is missing", hint: hint)
    }
}
