import Foundation
import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryServer

@Suite struct PassphraseTests {
    private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("phrase-\(UUID())").path

    private func file(_ text: String, _ name: String) throws -> String {
        try FileManager.default.createDirectory(
            atPath: folder,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
        try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: "\(folder)/\(name)")
        return "\(folder)/\(name)"
    }

    private func run(_ passphrase: String, _ test: (DaemonDesk) async throws -> Void) async throws {
        try await DaemonDesk.run(
            { configuration in
                configuration.vault.backend = .file
                configuration.vault.file = folder + "/store/keys.json"
                configuration.vault.passphrase = .file(passphrase)
                configuration.vault.ownMark = folder + "/daemon/store.mark"
                configuration.vault.isMade = true
                configuration.daemon.folder = folder + "/daemon"
            },
            test
        )
    }

    @Test func `a store under a master that was handed over is made, and opens with no other`() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        // As many digits as a random master has, which needs no slow derivation.
        let good = try file(String(repeating: "5a", count: 32) + "\n", "good")
        let other = try file(String(repeating: "5b", count: 32) + "\n", "other")
        try await run(good) { desk async throws in
            #expect(try await desk.ask("POST", "/credentials/openai", #"{"api_key":"sk-1"}"#).status == 201)
        }
        try await run(good) { desk async throws in
            #expect(try await desk.ask("GET", "/credentials/openai").json?["api_key"]?.string == "sk-1")
        }
        await #expect(throws: Running.Failure.self) { try await run(other) { _ in } }
        let short = try file("short\n", "short")
        await #expect(throws: Running.Failure.self) { try await run(short) { _ in } }
    }

    @Test func `what was handed to this start comes before what the file says`() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var surroundings = Configuration.Surroundings.machine(variables: [
            "HOME": folder, "CREDENTIALS_DIRECTORY": folder, "OSTIARY_VAULT_BACKEND": "file",
        ])
        #expect(Configuration.vault(of: nil, surroundings: surroundings).keyFile == folder + "/.ostiary/master.key")
        let credential = try file("a passphrase of systemd", "ostiary-vault")
        let vault = Configuration.vault(of: nil, surroundings: surroundings)
        #expect(vault.passphrase == .file(credential))
        #expect(vault.keyFile == nil)
        surroundings.variables["CT_SECRETSD_PASSPHRASE_FILE"] = "/run/passphrase"
        #expect(Configuration.vault(of: nil, surroundings: surroundings).passphrase == .file("/run/passphrase"))
    }
}
