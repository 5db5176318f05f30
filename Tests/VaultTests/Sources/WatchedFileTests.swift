import Foundation
import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryVault

@Suite struct WatchedFileTests {
    private let clock = ManualClock()
    private let permit = Permit.sample()

    private func watch(_ path: String, _ change: (Vault) async throws -> Void) async throws {
        let vault = try Vault(
            ["openai": [KeyPlan(try SourceReference("file:\(path)"))]],
            Surroundings(environment: [:]),
            engine: LendingEngine(clock: clock, jitter: { 0.5 })
        )
        let upkeep = Task { await vault.maintain() }
        defer { upkeep.cancel() }
        try await wait(for: "the upkeep to sleep") { clock.sleeping == 1 }
        try await change(vault)
    }

    private func lent(_ vault: Vault) -> String? {
        guard let loan = try? vault.lend("openai", for: permit) else { return nil }
        return LendingKit.text(loan)
    }

    @Test func aFileThatIsReplacedIsReadAgain() async throws {
        let folder = try Folder()
        let path = try folder.file("sk-1")
        try await watch(path) { vault in
            #expect(lent(vault) == "sk-1")
            let next = try folder.file("sk-2", name: "next")
            #expect(rename(next, path) == 0)
            clock.advance(2)
            try await wait(for: "the new key") { lent(vault) == "sk-2" }
        }
    }

    @Test func aFolderOfLinksThatIsExchangedIsNoticed() async throws {
        // As Kubernetes mounts a secret: the file is a link into `..data`, and `..data` is one to a folder.
        let folder = try Folder()
        let manager = FileManager.default
        for name in ["one", "two"] {
            try manager.createDirectory(atPath: "\(folder.path)/\(name)", withIntermediateDirectories: false)
            _ = try folder.file("sk-\(name)", name: "\(name)/key")
        }
        #expect(symlink("one", "\(folder.path)/..data") == 0)
        #expect(symlink("..data/key", "\(folder.path)/key") == 0)
        try await watch("\(folder.path)/key") { vault in
            #expect(lent(vault) == "sk-one")
            #expect(symlink("two", "\(folder.path)/..next") == 0)
            #expect(rename("\(folder.path)/..next", "\(folder.path)/..data") == 0)
            clock.advance(2)
            try await wait(for: "the new key") { lent(vault) == "sk-two" }
        }
    }

    @Test func aFileThatIsGoneOrBrokenChangesNothing() async throws {
        let folder = try Folder()
        let path = try folder.file("sk-1")
        try await watch(path) { vault in
            #expect(unlink(path) == 0)
            clock.advance(2)
            try await wait(for: "the upkeep to sleep") { clock.sleeping == 1 }
            #expect(lent(vault) == "sk-1")
            _ = try folder.file("\u{0}bad")
            clock.advance(2)
            try await wait(for: "the failure") { vault.status("openai").first?.failures == 1 }
            try await wait(for: "the upkeep to sleep") { clock.sleeping == 1 }
            #expect(lent(vault) == "sk-1")
            // The same mark twice is read once; the pause after a failure is another matter.
            try FileManager.default.removeItem(atPath: path)
            _ = try folder.file("sk-22")
            clock.advance(4)
            try await wait(for: "the new key") { lent(vault) == "sk-22" }
        }
    }
}
