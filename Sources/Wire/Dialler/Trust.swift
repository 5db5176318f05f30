import NIOCore
public import NIOSSL
import OstiaryCore
import Synchronization

/// Whom outgoing TLS believes. The context is made at the first TLS connection and shared by all workers.
public final class Trust: Sendable {
    private let roots: NIOSSLTrustRoots
    private let context = Mutex<NIOSSLContext?>(nil)

    /// - Parameter roots: the system's, but for tests that bring their own authority.
    public init(roots: NIOSSLTrustRoots = .default) {
        self.roots = roots
    }

    /// A handler that verifies chain and name of the server (SEC-503).
    func clientHandler(host: String) throws(GateError) -> NIOSSLClientHandler {
        do {
            let context = try context.withLock { context in
                if let context { return context }
                var configuration = TLSConfiguration.makeClientConfiguration()
                configuration.trustRoots = roots
                configuration.minimumTLSVersion = .tlsv12
                configuration.applicationProtocols = ["http/1.1"]
                let made = try NIOSSLContext(configuration: configuration)
                context = made
                return made
            }
            return try NIOSSLClientHandler(context: context, serverHostname: Self.isAddress(host) ? nil : host)
        } catch {
            throw GateError(.upstreamUnreachable, cause: "tls_setup")
        }
    }

    private static func isAddress(_ host: String) -> Bool {
        host.utf8.contains(UInt8(ascii: ":"))
            || host.utf8.allSatisfy { $0 == UInt8(ascii: ".") || decimalDigit($0) != nil }
    }
}
