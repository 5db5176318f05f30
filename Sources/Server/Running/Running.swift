import FoundationEssentials
public import OstiaryCore
import OstiaryJournal
import OstiaryVault

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The gate as the command starts it.
public enum Running {
    /// Where the doors ended up, for people and scripts that wait for it.
    public struct Doors: Sendable {
        /// As bound, so with the port that the system chose; `nil` where the public door has TLS only.
        public var listen: Configuration.Address?
        /// The public door with TLS.
        public var secure: Configuration.Address?
        public var admin: Configuration.Address
        /// Development mode's first token: `sub` is `dev-user`, valid 24 h.
        public var developmentToken: String?

        /// Where clients call: without TLS where that is possible, as whoever tries something out lacks the authority.
        public var publicURL: String {
            if let listen { return "http://\(listen)" }
            return secure.map { "https://\($0)" } ?? ""
        }

        public init(
            listen: Configuration.Address?,
            secure: Configuration.Address? = nil,
            admin: Configuration.Address,
            developmentToken: String? = nil
        ) {
            self.listen = listen
            self.secure = secure
            self.admin = admin
            self.developmentToken = developmentToken
        }
    }

    /// Why the gate could not start. After it has started it ends by signals only.
    public enum Failure: Error, Sendable {
        /// Another program listens there.
        case inUse(Configuration.Address)
        /// The system does not let this user listen there.
        case notPermitted(Configuration.Address)
        /// Anything else; the reason comes from a closed list or from the system, never from a peer or a secret.
        case other(String)

        /// What is wrong: lower case, no full stop.
        public var sentence: String {
            switch self {
            case .inUse(let address): "\(address) is in use by another program"
            case .notPermitted(let address): "the system does not let this user listen on \(address)"
            case .other(let reason): reason
            }
        }

        /// What to do about it.
        public var hint: String? {
            switch self {
            case .inUse: "choose another port; port 0 lets the system choose"
            case .notPermitted: "choose a port above 1023"
            case .other: nil
            }
        }
    }

    /// Opens both doors, calls `whenReady` once they are open, and returns after a signal has ended the gate. SIGHUP
    /// reloads the configuration.
    /// - Parameters:
    ///   - configuration: as read from `source` for the start.
    ///   - source: where it is read from again.
    ///   - overlap: whether another process is there that this one is to take the place of.
    ///   - handed: secrets that were handed to the process, by the names that `configuration` has for them.
    public static func serve(
        _ configuration: Configuration,
        from source: Configuration.Source,
        mode: Configuration.Mode,
        overlap: Bool = false,
        handed: [String: SecretHolder] = [:],
        whenReady: @escaping @Sendable (Doors) -> Void
    ) async throws(Failure) {
        CoreDumps.forbid()
        let hangUps = HangUps()
        let endings = Shutdown.signals()
        let start = Shutdown.endingStart(at: endings)
        let environment = ProcessInfo.processInfo.environment
        let manager = ServiceManager(environment)
        // While there are no threads of the gate's yet, as the environment has no lock.
        Vault.forgetEnvironment(configuration.secretVariables)
        let gate = try await Gate.open(
            configuration,
            mode: mode,
            environment: environment,
            sink: DescriptorSink(descriptor: STDERR_FILENO),
            reader: { variables throws(Configuration.Faults) in
                try source.read(mode: mode, surroundings: .machine(variables: variables))
            },
            overlap: overlap,
            source: source,
            handed: handed
        )
        do throws(Running.Failure) {
            let doors = try gate.doors()
            whenReady(doors)
        } catch {
            await gate.close()
            throw error
        }
        start.cancel()
        manager.ready()
        Task.detached { await hangUps.reload(gate, telling: manager) }
        await Shutdown(gate: gate, clock: SystemClock()).end(at: endings) { manager.stopping() }
        hangUps.stop()
    }

    /// The client for the command's own calls to a gate on this machine.
    public static func loopbackClient() -> any LoopbackClient {
        DiallingLoopbackClient()
    }
}

extension Gate {
    /// Where the doors ended up, with development mode's first token.
    func doors() throws(Running.Failure) -> Running.Doors {
        func bound(_ address: Configuration.Address, _ port: Int) -> Configuration.Address {
            // No port is bound yet where another process still has it.
            Configuration.Address(
                host: address.host,
                port: UInt16(exactly: port).flatMap { $0 > 0 ? $0 : nil } ?? address.port
            )
        }
        do {
            return Running.Doors(
                listen: configuration.listen.plainAddress.map { bound($0, port) },
                secure: configuration.listen.tls.address.map { bound($0, securePort) },
                admin: bound(configuration.admin.address, adminPort),
                developmentToken: try mint?.firstToken(at: rooms.clock.now)
            )
        } catch {
            throw .other("the first token cannot be made")
        }
    }
}
