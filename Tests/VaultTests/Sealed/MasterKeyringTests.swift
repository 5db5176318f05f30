import Foundation
import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryVault

/// A master key that the keyring keeps; a store in memory stands for that here, as they meet one protocol.
@Suite struct MasterKeyringTests {
    private struct Broken: Error {}

    private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("ring-\(UUID())").path
    private var path: String { folder + "/store/keys.json" }
    private let keyring = MemoryStore()

    private func master() throws -> MasterKeyring {
        try FileManager.default.createDirectory(
            atPath: folder,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
        return try MasterKeyring(name: "vault-master", store: path, in: keyring)
    }

    private func filled() throws -> MasterKeyring {
        let master = try master()
        let secret = try master.create(at: time(1))
        let store = try SealedFileStore(path: path, master: secret)
        try store.create(at: time(1))
        try store.put("openai", "sk-1")
        return master
    }

    private func open(_ master: MasterKeyring) throws -> SealedFileStore {
        try master.open(store: path, markPath: nil, at: time(2))
    }

    @Test func `what it made opens the store, and is never made twice`() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let master = try filled()
        #expect(try open(master).all() == ["openai": "sk-1"])
        #expect(fault { _ = try master.create(at: time(1)) } == .exists(place: master.label))
        #expect(try text().count == 64)
    }

    @Test func `without it nothing opens`() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let master = try filled()
        try keyring.remove(StoredName("vault-master"))
        #expect(fault { _ = try open(master) } == .notThere(place: master.label))
        try keyring.write(StoredName("vault-master"), secret(String(repeating: "0", count: 64)), at: time(1))
        #expect(fault { _ = try open(master) } != nil)
    }

    @Test func `another one takes its place, whenever that is broken off`() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let master = try filled()
        var seen: Set<[UInt8]> = [try text()]
        for step in MasterKeyFile.RotationStep.allCases {
            let broken: StoreFault = .unusable("broken off at \(step)")
            #expect(
                fault {
                    try master.rotate(store: path, markPath: nil, at: time(3)) { reached throws(StoreFault) in
                        if reached == step { throw broken }
                    }
                } == broken
            )
            #expect(try open(master).all() == ["openai": "sk-1"])
        }
        seen.insert(try text())
        try master.rotate(store: path, markPath: nil, at: time(4))
        seen.insert(try text())
        #expect(seen.count == 3)
        #expect(try open(master).all() == ["openai": "sk-1"])
        #expect(try keyring.list().map(\.name.text) == ["vault-master"])
    }

    @Test func `a keyring that keeps nothing is found out before the store is sealed`() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        _ = try master()
        let deaf = try MasterKeyring(name: "vault-master", store: path, in: ForgetfulStore())
        #expect(fault { _ = try deaf.create(at: time(1)) } != nil)
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    private func text() throws -> [UInt8] {
        switch try keyring.read(StoredName("vault-master")) {
        case .some(let secret): secret.withBytes { bytes in bytes.indices.map { bytes[$0] } }
        case .none: []
        }
    }
}

/// Takes everything and keeps nothing.
private final class ForgetfulStore: Store {
    var label: String { "a forgetful store" }
    func list() throws(StoreFault) -> [StoredKey] { [] }
    func read(_ name: StoredName) throws(StoreFault) -> Secret? { nil }
    func write(_ name: StoredName, _ secret: borrowing Secret, at time: UnixTime) throws(StoreFault) {}
    func remove(_ name: StoredName) throws(StoreFault) -> Bool { false }
}
