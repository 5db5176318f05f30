import OstiaryCore
import OstiaryJournal
import OstiaryVault
import OstiaryWire

extension Daemon {
    /// The methods that pages of listed origins may use.
    private static let methods: StaticString = "GET, HEAD, POST, PUT, DELETE"

    /// The daemon as the configuration says. Where there is a store of keys and no token, one is made.
    static func open(
        _ configuration: Configuration,
        _ site: Furnishing.Site,
        hasStore: Bool
    ) throws(Running.Failure) -> Daemon {
        let daemon = configuration.daemon
        do throws(StoreFault) {
            // A gate without keys of its own needs no folder and no token.
            let installation = try hasStore ? InstallationKey(folder: daemon.folder) : .random()
            let key = installation.key(for: .tokens)
            var tokens: AdminTokens?
            if let secret = try given(daemon.token, site) {
                tokens = .given(secret, key: key, at: site.clock.now)
            } else if hasStore {
                let opened = try AdminTokens.open(
                    folder: daemon.folder,
                    handout: daemon.tokenFile,
                    key: key,
                    at: site.clock.now
                )
                tokens = opened.tokens
                if opened.isNew {
                    site.journal.event(
                        .info,
                        "a token for the admin door was made; it lies in a file, once",
                        ["file": daemon.tokenFile]
                    )
                }
            }
            return Daemon(
                keeper: Doorkeeper(origins: OriginRule(daemon.origins, methods: methods), tokens: tokens),
                fingerprints: Fingerprints(installation),
                trail: hasStore
                    ? AuditTrail(folder: daemon.folder, key: installation.key(for: .audit)) : nil,
                test: ProviderTest(crew: site.crew, book: site.book, clock: site.clock),
                reveals: daemon.reveals,
                clock: site.clock
            )
        } catch {
            throw .other("daemon: \(error)" + (error.hint.map { "\n\($0)" } ?? ""))
        }
    }

    /// The token that the configuration names, where it names one.
    private static func given(
        _ reference: Configuration.SecretReference?,
        _ site: Furnishing.Site
    ) throws(StoreFault) -> Secret? {
        guard let reference else { return nil }
        do {
            let vault = try Vault(
                ["token": SourceReference(reference.description)],
                environment: site.variables.plain,
                kept: site.variables.kept
            )
            guard let holder = vault.holder(of: "token") else { return nil }
            let secret = Loan.withBytes(of: holder) { Secret(copying: $0) }
            guard secret.count >= leastToken else {
                throw StoreFault.unusable("the token is shorter than \(leastToken) bytes")
            }
            return secret
        } catch let fault as StoreFault {
            throw fault
        } catch {
            throw .unusable("the token: \(error)")
        }
    }

    /// Shorter ones can be guessed.
    private static let leastToken = 16
}
