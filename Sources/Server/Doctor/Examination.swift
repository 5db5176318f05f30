public import OstiaryCore
import OstiaryIdentity
import OstiaryWire

/// Looks at everything that a gate needs, without starting one and without changing anything: the files and who may
/// read them, the configuration, the clock, the issuers' keys, the doors, and the gate that may stand there already.
public struct Examination: Sendable {
    /// Where the configuration comes from.
    let source: Configuration.Source
    /// How the gate would be run.
    let mode: Configuration.Mode
    let surroundings: Configuration.Surroundings
    let clock: any GateClock
    let client: any LoopbackClient

    public init(
        _ source: Configuration.Source,
        mode: Configuration.Mode = .serving,
        surroundings: Configuration.Surroundings,
        clock: any GateClock = SystemClock(),
        client: any LoopbackClient = Running.loopbackClient()
    ) {
        self.source = source
        self.mode = mode
        self.surroundings = surroundings
        self.clock = clock
        self.client = client
    }

    /// Everything that was found, in the order in which it would be repaired.
    public func findings() async -> [Finding] {
        var findings: [Finding] = []
        let configuration = examineConfiguration(&findings)
        if let file = source.file { findings += FileSight(path: file, role: .configuration).findings }
        if let configuration {
            for sight in Self.sights(configuration) { findings += sight.findings }
            findings +=
                VaultSight(
                    configuration: configuration,
                    source: source.file,
                    surroundings: surroundings,
                    now: clock.now
                ).findings
        }
        findings += ClockSight(now: clock.now, configuration: source.file).findings
        if let configuration { findings += await keys(configuration) }
        findings += await doors(configuration)
        return findings
    }

    /// The configuration, where it is good. Without a file it is no fault that the environment says nothing: then a
    /// gate in development mode is meant.
    private func examineConfiguration(_ findings: inout [Finding]) -> Configuration? {
        let name = source.file ?? "the environment"
        let command = "ostiary check" + (source.file.map { " \($0)" } ?? "")
        do throws(Configuration.Faults) {
            let configuration = try source.read(mode: mode, surroundings: surroundings)
            findings.append(Finding(.configuration, .good, "\(name) is good"))
            for warning in configuration.warnings(surroundings, now: clock.now) {
                findings.append(Finding(.configuration, .warning, warning, remedy: command))
            }
            return configuration
        } catch {
            if source.file == nil,
                let development = try? source.read(mode: .development, surroundings: surroundings)
            {
                findings.append(
                    Finding(.configuration, .good, "without a configuration only development mode can run: ostiary up")
                )
                return development
            }
            for fault in error.all {
                findings.append(
                    Finding(.configuration, .configuration, fault.description, remedy: fault.hint ?? command)
                )
            }
            return nil
        }
    }

    /// The files that the configuration names.
    private static func sights(_ configuration: Configuration) -> [FileSight] {
        var sights: [FileSight] = []
        for reference in configuration.providers.map(\.key) + [configuration.identity.hashKey] {
            if case .file(let path) = reference { sights.append(FileSight(path: path, role: .secret)) }
        }
        if configuration.listen.tls.address != nil, let key = configuration.listen.tls.key {
            sights.append(FileSight(path: key, role: .secret))
        }
        if let socket = configuration.admin.socket { sights.append(FileSight(path: socket, role: .socket)) }
        let trusted = [
            configuration.listen.tls.certificate, configuration.listen.tls.clientCertificates.authorities,
        ]
        sights += trusted.compactMap { $0 }.map { FileSight(path: $0, role: .trusted) }
        for issuer in configuration.identity.jwt {
            if case .file(let path) = issuer.jwks { sights.append(FileSight(path: path, role: .trusted)) }
        }
        return sights
    }

    // MARK: Keys

    private func keys(_ configuration: Configuration) async -> [Finding] {
        guard !configuration.identity.jwt.isEmpty else { return [] }
        guard let crew = try? Crew(count: 1, clock: clock, trust: Trust(), counters: DialCounters()) else { return [] }
        try? await crew.start()
        var findings: [Finding] = []
        for issuer in configuration.identity.jwt { findings.append(await keys(of: issuer, crew)) }
        await crew.stop()
        return findings
    }

    private func keys(of issuer: Configuration.TokenIssuer, _ crew: Crew) async -> Finding {
        let name = Reading.printable(issuer.issuer ?? "an issuer without a name", most: 256)
        let place: String
        switch issuer.jwks {
        case .url(let url): place = Reading.printable(url, most: 256)
        case .file(let path): place = Reading.printable(path, most: 256)
        }
        let fetcher = HTTPFetcher(crew: crew, reach: issuer.addresses)
        guard let source = issuer.source(fetcher) else {
            return Finding(.keys, .configuration, "\(name): \(place) is no place for keys", remedy: "ostiary check")
        }
        let document: FetchedDocument
        do throws(FetchFailure) {
            document = try await source.read(limit: 1 << 20, seconds: 5)
        } catch {
            let look: String
            switch issuer.jwks {
            case .url(let url): look = "curl -sSi \(Shell.quoted(url))"
            case .file(let path): look = "ls -l \(Shell.quoted(path))"
            }
            return Finding(
                .keys,
                .unreachable,
                "\(name): the keys at \(place) cannot be had: \(error.rawValue)",
                remedy: look
            )
        }
        do throws(KeySet.Fault) {
            let set = try KeySet(document: document.body, allowing: issuer.policy.algorithms)
            let count = set.keys.count == 1 ? "1 key" : "\(set.keys.count) keys"
            guard set.dropped.isEmpty else {
                let faults = Set(set.dropped.map(\.fault.rawValue)).sorted().joined(separator: ", ")
                return Finding(.keys, .good, "\(name): \(count) can be used, \(set.dropped.count) cannot: \(faults)")
            }
            return Finding(.keys, .good, "\(name): \(count) can be used")
        } catch {
            let algorithms = issuer.algorithms.map(\.rawValue).joined(separator: ", ")
            return Finding(
                .keys,
                .unreachable,
                error == .malformed
                    ? "\(name): what lies at \(place) is no key set"
                    : "\(name): no key at \(place) can be used with \(algorithms)",
                remedy: "set identity.jwt.jwks and identity.jwt.algorithms to what the issuer has"
            )
        }
    }

    // MARK: Doors

    private func doors(_ configuration: Configuration?) async -> [Finding] {
        let admin = Configuration.adminDoor(of: source.file, surroundings: surroundings)
        let gate = await StandingGate.ask(admin, client)
        var findings: [Finding] = []
        for (key, address) in configuration?.doorAddresses ?? [] {
            findings.append(door(key, address, gate))
        }
        switch gate {
        case .answers(let gate):
            let since = gate.version.map { ", version \($0)" } ?? ""
            findings.append(
                Finding(.gate, .good, "a gate answers at \(admin)\(gate.pid.map { " (pid \($0)" } ?? " (")\(since))")
            )
            if !gate.isReady {
                findings.append(
                    Finding(.gate, .unreachable, "the gate is not ready", remedy: "ostiary reload --keys")
                )
            }
            for key in gate.keys {
                let config = source.file.map { " --config \(Shell.quoted($0))" } ?? ""
                findings.append(
                    Finding(
                        .keys,
                        .unreachable,
                        "\(key.provider): its key (\(key.source)) has not come"
                            + (key.reason.map { ": \($0)" } ?? "") + "; its calls are answered 503",
                        remedy: "ostiary vault test \(Shell.quoted(key.provider))\(config)"
                    )
                )
            }
            if let digest = configuration?.digest, let theirs = gate.digest, theirs != digest {
                let config = source.file.map { " --config \($0)" } ?? ""
                findings.append(
                    Finding(
                        .gate,
                        .warning,
                        "the gate runs by another configuration than this one",
                        remedy: "ostiary reload\(config)"
                    )
                )
            }
        case .stranger:
            findings.append(
                Finding(
                    .gate,
                    .system,
                    "what answers at \(admin) is no gate",
                    remedy: "choose another door with admin.address"
                )
            )
        case .nobody:
            findings.append(Finding(.gate, .good, "no gate is running at \(admin)"))
        }
        return findings
    }

    private func door(_ key: String, _ address: Configuration.Address, _ gate: StandingGate) -> Finding {
        let look = "ss -ltnp 'sport = :\(address.port)'"
        switch PortSight.look(address) {
        case .free: return Finding(.doors, .good, "\(key) \(address) is free")
        case .taken:
            if case .answers = gate {
                return Finding(.doors, .good, "\(key) \(address) is taken, and a gate is running")
            }
            return Finding(.doors, .system, "\(key) \(address) is taken by another program", remedy: look)
        case .notPermitted:
            return Finding(
                .doors,
                .system,
                "the system does not let this user listen on \(key) \(address)",
                remedy: "choose a port above 1023"
            )
        case .absent:
            return Finding(.doors, .system, "\(key) \(address) is no address of this machine", remedy: "ip address")
        }
    }
}

extension Configuration {
    /// Every address that a gate would listen on, with its key.
    fileprivate var doorAddresses: [(key: String, address: Address)] {
        var doors: [(key: String, address: Address)] = []
        if let plain = listen.plainAddress { doors.append((key: "listen.address", address: plain)) }
        if let secure = listen.tls.address { doors.append((key: "listen.tls.address", address: secure)) }
        doors.append((key: "admin.address", address: admin.address))
        return doors.filter { $0.address.port > 0 }
    }
}
