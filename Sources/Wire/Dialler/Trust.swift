import NIOCore
public import NIOSSL
import OstiaryCore
import Synchronization

/// Whom outgoing TLS believes. Contexts are made at the first TLS connection and shared by all workers.
public final class Trust: Sendable {
    /// Why an authority's certificates cannot be used.
    public struct AuthorityFault: Error, Sendable {}

    private let roots: NIOSSLTrustRoots
    private let verifies: Bool
    private let contexts = Mutex(Contexts())

    private struct Contexts {
        var http1: NIOSSLContext?
        var both: NIOSSLContext?
    }

    /// - Parameter roots: the system's, but for tests that bring their own authority.
    public init(roots: NIOSSLTrustRoots = .default) {
        self.roots = roots
        verifies = true
    }

    /// Believes the authorities whose certificates (PEM) are in this file, and no others.
    public init(authority path: String) throws(AuthorityFault) {
        guard let certificates = try? NIOSSLCertificate.fromPEMFile(path), !certificates.isEmpty else {
            throw AuthorityFault()
        }
        roots = .certificates(certificates)
        verifies = true
    }

    private init(believingEverybody: Void) {
        roots = .default
        verifies = false
    }

    /// Believes every certificate. For services of this machine only, where nobody stands between.
    public static func believingEverybody() -> Trust { Trust(believingEverybody: ()) }

    /// Whether this trust may be used with a host (SEC-503).
    func permits(_ host: String) -> Bool {
        verifies || IPAddress(host)?.isLoopback ?? HostName.isThisMachine(host)
    }

    /// A handler that verifies chain and name of the server (SEC-503).
    /// - Parameter offersHTTP2: whether HTTP/2 is offered before HTTP/1.1.
    func clientHandler(host: String, offersHTTP2: Bool = false) throws(GateError) -> NIOSSLClientHandler {
        guard permits(host) else { throw GateError(.upstreamUnreachable, cause: "tls_setup") }
        do {
            let context = try contexts.withLock { contexts in
                if offersHTTP2 {
                    let context = try contexts.both ?? makeContext(["h2", "http/1.1"])
                    contexts.both = context
                    return context
                }
                let context = try contexts.http1 ?? makeContext(["http/1.1"])
                contexts.http1 = context
                return context
            }
            return try NIOSSLClientHandler(context: context, serverHostname: IPAddress(host) == nil ? host : nil)
        } catch {
            throw GateError(.upstreamUnreachable, cause: "tls_setup")
        }
    }

    private func makeContext(_ protocols: [String]) throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = roots
        if !verifies { configuration.certificateVerification = .none }
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = protocols
        return try NIOSSLContext(configuration: configuration)
    }
}
