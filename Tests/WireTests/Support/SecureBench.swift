import Foundation
import NIOCore
import OstiaryCore
import OstiaryTesting

@testable import OstiaryWire

/// A door with TLS, its authority, and the folder with its files.
struct SecureBench: Sendable {
    let bench: Bench
    let authority: Authority
    let folder: TemporaryFolder
    let tls: ServerTLS
    let notices: Observed<[String]>

    var port: Int { bench.port }

    /// - Parameter change: what is special about the settings.
    static func open(
        limits: EdgeLimits = EdgeLimits(),
        asksClients: Bool = false,
        change: (inout TLSSettings) -> Void = { _ in },
        service: @escaping @Sendable (Worker) -> any EdgeService,
        _ body: (SecureBench) async throws -> Void
    ) async throws {
        let authority = try Authority()
        let folder = try TemporaryFolder()
        let leaf = try authority.leaf(dns: ["localhost"])
        var settings = TLSSettings(
            certificate: try folder.write("cert.pem", leaf.certificate),
            key: try folder.write("key.pem", leaf.key)
        )
        if asksClients { settings.authorities = try folder.write("ca.pem", authority.pem) }
        change(&settings)
        let notices = Observed<[String]>([])
        // Certificates are checked by the real time.
        let clock = ManualClock(now: Date().timeIntervalSince1970.rounded())
        let first = try ServerTLS.Change(to: settings)
        let door = Door(limits: limits)
        let tls = ServerTLS(first, door: door, clock: clock) { notice in notices.change { $0.append("\(notice)") } }
        try await Bench.open(door: door, tls: tls, clock: clock, service: service) { bench in
            try await body(SecureBench(bench: bench, authority: authority, folder: folder, tls: tls, notices: notices))
        }
    }

    func client(protocols: [String] = ["http/1.1"], leaf: Authority.Leaf? = nil) async throws -> SecureClient {
        try await SecureClient.connect(
            port,
            SecureClient.configuration(authority, protocols: protocols, leaf: leaf)
        )
    }

    func http2(window: Int = 65_535, leaf: Authority.Leaf? = nil) async throws -> HTTP2Client {
        try await HTTP2Client.connect(port, SecureClient.configuration(authority, leaf: leaf), window: window)
    }

    func handshakes(_ result: String) -> Double { counter("gw_tls_handshakes_total", result) }

    func counter(_ name: String, _ result: String) -> Double {
        bench.door.secureInstruments(door: "x").first { $0.name == name && $0.labels.last?.value == result }?.read()
            ?? -1
    }
}
