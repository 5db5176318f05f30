import Foundation
import OstiaryCore
import OstiaryTesting
import OstiaryVault
import Testing

@testable import OstiaryServer

/// A provider's key in the gate's own store, from the command that puts it there to the provider that sees it.
// SEC-402
@Suite struct VaultReloadTests {
    private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("vault-\(UUID())").path
    private var file: String { folder + "/store/keys.json" }
    private var keyFile: String { folder + "/master/key" }

    private func open() throws -> SealedFileStore {
        try MasterKeyFile(path: keyFile).open(store: file, markPath: keyFile + ".mark")
    }

    private func put(_ text: String) throws {
        let bytes = Array(text.utf8)
        try open().write(StoredName("openai"), Secret(copying: bytes.span), at: UnixTime(seconds: 1_800_000_000))
    }

    private func seen(_ rig: GateRig, _ connection: Int) -> String {
        String(decoding: rig.upstream.connections[connection], as: UTF8.self)
    }

    @Test func aRotatedKeyIsUsedFromTheReloadOnAndADamagedStoreChangesNothing() async throws {
        try FileManager.default.createDirectory(
            atPath: folder,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let master = try MasterKeyFile(path: keyFile).create()
        try SealedFileStore(path: file, master: master).create(at: UnixTime(seconds: 1_800_000_000))
        try put("sk-sealed-1")

        try await GateRig.run { rig async throws in
            #expect(try await rig.chat().status == 200)
            await rig.reload { configuration in
                configuration.vault.file = file
                configuration.vault.keyFile = keyFile
                configuration.providers[0].key = .vault("openai")
            }
            #expect(try await rig.chat().status == 200)
            #expect(seen(rig, 1).contains("sk-sealed-1"))

            // Another key, another data key and another master, while the gate runs.
            try put("sk-sealed-2")
            try open().rotateDataKey(at: UnixTime(seconds: 1_800_000_001))
            try MasterKeyFile(path: keyFile).rotate(store: file, markPath: keyFile + ".mark")
            #expect(try await rig.chat().status == 200)
            #expect(rig.upstream.connections.count == 2)
            // Nothing of the configuration has changed, only what is behind a name in it.
            #expect(await rig.reload().outcome == .applied)
            #expect(try await rig.chat().status == 200)
            #expect(seen(rig, 2).contains("sk-sealed-2"))
            #expect(!seen(rig, 2).contains("sk-sealed-1"))

            let good = try Data(contentsOf: URL(fileURLWithPath: file))
            let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: file))
            try handle.truncate(atOffset: UInt64(good.count - 1))
            try handle.close()
            let report = await rig.reload()
            #expect(report.outcome == .failed)
            #expect(report.reason?.contains("vault: sealed store \(file) is damaged") == true)
            #expect(try await rig.chat().status == 200)
            #expect(rig.upstream.connections.count == 3)
        }
    }
}
