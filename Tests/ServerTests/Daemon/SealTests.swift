import Foundation
import OstiaryCore
import OstiaryTesting
import OstiaryVault
import Testing

@testable import OstiaryServer

@Suite struct SealTests {
    private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("seal-\(UUID())").path

    private func run(_ test: (DaemonDesk) async throws -> Void) async throws {
        try FileManager.default.createDirectory(
            atPath: folder,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await DaemonDesk.run(
            { configuration in
                configuration.vault.backend = .file
                configuration.vault.file = folder + "/store/keys.json"
                configuration.vault.keyFile = folder + "/master/key"
                configuration.vault.isMade = true
                configuration.daemon.folder = folder + "/daemon"
                configuration.providers[0].key = .vault("main")
            },
            test
        )
    }

    @Test func `a sealed gate lends no stored key and opens again with all of them`() async throws {
        try await run { desk async throws in
            let rig = desk.rig
            #expect(try await rig.chat().status == 503)
            #expect(try await desk.ask("POST", "/credentials/main", #"{"api_key":"sk-1"}"#).status == 201)
            #expect(try await rig.chat().status == 200)
            #expect(try await desk.ask("POST", "/admin/seal", #"{"dry_run":true}"#).status == 200)
            #expect(try await rig.chat().status == 200)

            #expect(try await desk.ask("POST", "/admin/seal").json?["sealed"]?.bool == true)
            #expect(try await rig.chat().status == 503)
            for (method, path) in [
                ("GET", "/credentials"), ("GET", "/credentials/main"), ("DELETE", "/credentials/main"),
            ] {
                let answer = try await desk.ask(method, path)
                #expect(answer.status == 423)
                #expect(answer.problem == "locked")
            }
            let health = try await desk.ask("GET", "/health", token: nil)
            #expect(health.status == 503)
            #expect(health.json?["status"]?.string == "degraded")
            // A reload does not open it.
            await rig.reload()
            #expect(try await rig.chat().status == 503)

            #expect(try await desk.ask("POST", "/admin/open").json?["sealed"]?.bool == false)
            #expect(try await rig.chat().status == 200)
            #expect(try await desk.ask("GET", "/health", token: nil).status == 200)
            #expect(try await desk.ask("GET", "/credentials/main").json?["api_key"]?.string == "sk-1")
            let rotated = try await desk.ask("POST", "/admin/rotate")
            #expect(rotated.json?["rotated"]?.number?.int == 1)
            #expect(try desk.conforms(rotated, .post, "/admin/rotate"))
        }
    }

    // SEC-605
    @Test func `what is done with keys is written down first, and where it cannot be nothing is done`() async throws {
        try await run { desk async throws in
            #expect(try await desk.ask("POST", "/credentials/openai", #"{"api_key":"sk-1"}"#).status == 201)
            #expect(try await desk.ask("GET", "/credentials/openai").status == 200)
            let key = try InstallationKey(folder: folder + "/daemon", creates: false).key(for: .audit)
            let lines = try AuditTrail(folder: folder + "/daemon", key: key).read()
            #expect(lines.map(\.action) == ["key.store", "key.read"])
            #expect(lines.allSatisfy { $0.subject == "openai" && $0.by == "token given" })

            // A folder in the file's place: nothing can be written there, whoever this process runs as.
            let log = folder + "/daemon/audit.log"
            try FileManager.default.moveItem(atPath: log, toPath: log + ".aside")
            try FileManager.default.createDirectory(atPath: log, withIntermediateDirectories: false)
            for (method, body) in [("POST", #"{"api_key":"sk-2"}"#), ("GET", nil), ("DELETE", nil)]
                as [(String, String?)]
            {
                let answer = try await desk.ask(method, "/credentials/openai", body)
                #expect(answer.status == 507)
                #expect(answer.problem == "audit_failed")
                #expect(!answer.text.contains("sk-1"))
            }
            try FileManager.default.removeItem(atPath: log)
            try FileManager.default.moveItem(atPath: log + ".aside", toPath: log)
            #expect(try await desk.ask("GET", "/credentials/openai").json?["api_key"]?.string == "sk-1")
        }
    }

    @Test func `a damaged store is an error of its own, and the gate goes on`() async throws {
        try await run { desk async throws in
            #expect(try await desk.ask("POST", "/credentials/openai", #"{"api_key":"sk-1"}"#).status == 201)
            try Data("{}".utf8).write(to: URL(fileURLWithPath: folder + "/store/keys.json"))
            let answer = try await desk.ask("GET", "/credentials/openai")
            #expect([503, 507].contains(answer.status))
            #expect(try desk.conforms(answer, .get, "/credentials/openai"))
            #expect(try await desk.rig.chat("echo").status == 200)
        }
    }

    @Test func `a store in memory is not sealed, as it would be empty afterwards`() async throws {
        try await DaemonDesk.run { desk async throws in
            #expect(try await desk.ask("POST", "/admin/seal").problem == "not_sealable")
            #expect(try await desk.ask("POST", "/admin/rotate").problem == "not_rotatable")
        }
    }
}
