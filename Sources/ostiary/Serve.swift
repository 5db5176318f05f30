import ArgumentParser
import OstiaryCore
import OstiaryServer

/// `ostiary serve`: runs the gate until a signal ends it.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "run the gate",
        discussion: """
            without --config it starts from the environment alone; SIGTERM and SIGINT end it gracefully, a second one \
            at once; SIGHUP reads the configuration again, as ostiary reload does

            an upgrade without a gap: start the new one with --overlap, wait until it is ready, end the old one with SIGTERM

              ostiary serve --config ostiary.yaml
              ostiary serve --config ostiary.yaml --dry-run
            """
    )

    @OptionGroup var place: Where

    @Flag(help: "be the issuer too, on loopback only, and print a token; for development")
    var devMode = false

    @Flag(help: "start beside a running gate of the same user, and take its new connections from now on")
    var overlap = false

    @Flag(help: "be a proxy for one provider, which ANTHROPIC_PROXY_BASE_URL, PORT and the like describe")
    var proxy = false

    @Flag(help: "check everything, say what would be served, and stop")
    var dryRun = false

    @OptionGroup var handed: HandedPassphrase

    @Flag(help: "log every call of the admin door; never a key or a body")
    var traceRequests = false

    @Option(help: ArgumentHelp("have this part say more: requests, storage, providers or auth", valueName: "part"))
    var debugModule: [String] = []

    func run() async throws {
        let mode: Configuration.Mode = devMode ? .development : .serving
        var place = place
        let traces = debugModule + (traceRequests ? ["requests"] : [])
        if !traces.isEmpty { place.trace = traces.joined(separator: ",") }
        var source = place.source
        if proxy { source.flags[Configuration.proxyFlag] = "" }
        let voice = Voice.standard
        var secrets: [String: SecretHolder] = [:]
        if let passphrase = try handed.read(voice) {
            secrets[Configuration.Vault.handed] = SecretHolder(passphrase)
            source.flags[Configuration.passphraseFlag] = ""
        }
        let configuration = try Where.load(source, mode: mode)
        if dryRun { return voice.print(Self.plan(configuration)) }
        try await Start.serve(
            configuration,
            from: source,
            mode: mode,
            overlap: overlap,
            handed: secrets,
            voice: voice
        ) { doors in
            if devMode { voice.print(Greeting(doors: doors, configuration: configuration).text) }
        }
    }

    /// What would be served.
    static func plan(_ configuration: Configuration) -> String {
        var lines = [
            "would listen on \(configuration.listen.places), admin door on \(configuration.admin.address)"
        ]
        if let socket = configuration.admin.socket { lines.append("would listen on unix:\(socket)") }
        for issuer in configuration.identity.jwt {
            lines.append("would believe \(issuer.issuer ?? "any issuer of the key set")")
        }
        for model in configuration.models { lines.append("would send \(model.name) to \(model.provider)") }
        return lines.joined(separator: "\n") + "\n"
    }
}

extension Configuration.Listen {
    fileprivate var places: String {
        let plain = isPlain ? ["\(address)"] : []
        return (plain + (tls.address.map { ["\($0) with TLS"] } ?? [])).joined(separator: " and ")
    }
}

/// The options that say which configuration and where to listen.
struct Where: ParsableArguments {
    @Option(help: ArgumentHelp("the configuration file", valueName: "file"), completion: .file())
    var config: String?

    @Option(help: ArgumentHelp("the public door, over listen.address", valueName: "host:port"))
    var listen: String?

    @Option(help: ArgumentHelp("the admin door, over admin.address", valueName: "host:port"))
    var admin: String?

    /// Over `journal.trace`; no option of its own.
    var trace: String? = nil

    private enum CodingKeys: String, CodingKey {
        case config, listen, admin
    }

    /// Where the configuration is read from, now and at every reload.
    var source: Configuration.Source {
        var flags: [String: String] = [:]
        flags["listen"] = listen
        flags["admin"] = admin
        flags["debug-module"] = trace
        return Configuration.Source(file: config, flags: flags)
    }

    /// The configuration; tells every fault and ends with status 2 otherwise.
    func load(mode: Configuration.Mode) throws -> Configuration { try Self.load(source, mode: mode) }

    static func load(_ source: Configuration.Source, mode: Configuration.Mode) throws -> Configuration {
        do throws(Configuration.Faults) {
            return try source.read(mode: mode, surroundings: Machine.surroundings)
        } catch {
            Voice.standard.tell(error)
            throw Status.usage
        }
    }
}

/// Starting the gate, with what can go wrong said in words.
enum Start {
    static func serve(
        _ configuration: Configuration,
        from source: Configuration.Source,
        mode: Configuration.Mode,
        overlap: Bool = false,
        handed: [String: SecretHolder] = [:],
        voice: Voice,
        whenReady: @escaping @Sendable (Running.Doors) -> Void
    ) async throws {
        do throws(Running.Failure) {
            try await Running.serve(
                configuration,
                from: source,
                mode: mode,
                overlap: overlap,
                handed: handed,
                whenReady: whenReady
            )
        } catch {
            voice.error(error.sentence)
            switch error {
            case .inUse(let address):
                let flag = address == configuration.admin.address ? "admin" : "listen"
                voice.hint("choose another with --\(flag) 127.0.0.1:PORT; port 0 lets the system choose")
                if flag == "listen" {
                    voice.hint("if that is a gate whose place this one is to take: ostiary serve --overlap")
                }
            case .notPermitted: voice.hint("choose a port above 1023 with --listen")
            case .other: break
            }
            throw Status.system
        }
    }
}
