import OstiaryTesting
import Testing

@testable import OstiaryServer

/// A gate whose public door speaks TLS, and what its clients need.
struct SecureRig: Sendable {
    let rig: GateRig
    let authority: Authority
    let folder: TemporaryFolder

    /// Longer than the gate's clock is ahead of the certificates'.
    static let days = 350.0

    /// - Parameter asksClients: whether clients are asked for certificates.
    static func run(
        asksClients: Bool = false,
        _ change: (inout Configuration) -> Void = { _ in },
        upstream: RecordingUpstream? = nil,
        _ test: (SecureRig) async throws -> Void
    ) async throws {
        let authority = try Authority()
        let folder = try TemporaryFolder()
        let leaf = try authority.leaf(dns: ["localhost"], days: days)
        let (certificate, key) = (try folder.write("cert.pem", leaf.certificate), try folder.write("key.pem", leaf.key))
        let authorities = try folder.write("ca.pem", authority.pem)
        try await GateRig.run(
            { configuration in
                configuration.listen.tls.address = .init(host: "127.0.0.1", port: 0)
                configuration.listen.tls.certificate = certificate
                configuration.listen.tls.key = key
                if asksClients { configuration.listen.tls.clientCertificates.authorities = authorities }
                change(&configuration)
            },
            upstream: upstream
        ) { rig async throws in
            try await test(SecureRig(rig: rig, authority: authority, folder: folder))
        }
    }

    func http1(leaf: Authority.Leaf? = nil) async throws -> SecureClient {
        try await SecureClient.connect(
            rig.gate.securePort,
            SecureClient.configuration(authority, protocols: ["http/1.1"], leaf: leaf)
        )
    }

    func http2(leaf: Authority.Leaf? = nil) async throws -> HTTP2Client {
        try await HTTP2Client.connect(rig.gate.securePort, SecureClient.configuration(authority, leaf: leaf))
    }

    /// A caller's certificate.
    func leaf(_ uris: [String] = ["spiffe://example/caller"], dns: [String] = []) throws -> Authority.Leaf {
        try authority.leaf(common: "caller", dns: dns, uris: uris, days: Self.days)
    }

    func token(_ tail: String = "") -> (String, String) { ("authorization", "Bearer \(rig.token(tail: tail))") }
}
