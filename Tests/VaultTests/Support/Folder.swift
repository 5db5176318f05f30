import Foundation
import OstiaryCore
import Testing

@testable import OstiaryVault

/// A folder of mode 700 that is gone after the test.
final class Folder: Sendable {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("vault-\(UUID())").path

    init() throws {
        try FileManager.default.createDirectory(
            atPath: path,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
    }

    func file(_ text: String, mode: Int = 0o600, name: String = "key") throws -> String {
        let file = "\(path)/\(name)"
        try Data(text.utf8).write(to: URL(fileURLWithPath: file))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file)
        return file
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// A folder with a store in one part and its master key in another.
final class Place: Sendable {
    let folder: Folder
    var path: String { folder.path + "/store/encrypted.json" }
    var keyPath: String { folder.path + "/master/key" }
    var markPath: String { folder.path + "/master/mark" }
    var keyFile: MasterKeyFile { get throws { try MasterKeyFile(path: keyPath) } }

    init(marked: Bool = false) throws {
        folder = try Folder()
        let master = try MasterKeyFile(path: folder.path + "/master/key").create()
        try SealedFileStore(path: path, master: master, markPath: marked ? markPath : nil).create(at: time(0))
    }

    /// Another opening of the same store, as another process has it.
    func open(_ probe: @escaping WriteProbe = { (_) throws(StoreFault) in }) throws -> SealedFileStore {
        try SealedFileStore(path: path, master: keyFile.master(), probe: probe)
    }

    func openMarked() throws -> SealedFileStore {
        try SealedFileStore(path: path, master: keyFile.master(), markPath: markPath)
    }

    var bytes: [UInt8] {
        get throws { Array(try Data(contentsOf: URL(fileURLWithPath: path))) }
    }

    /// Puts bytes in the file's place, as somebody with the right to write would.
    func overwrite(_ bytes: [UInt8]) throws {
        let file = try #require(fopen(path, "w"))
        defer { fclose(file) }
        #expect(fwrite(bytes, 1, bytes.count, file) == bytes.count)
    }
}

func time(_ seconds: Double) -> UnixTime { UnixTime(seconds: 1_800_000_000 + seconds) }

func secret(_ text: String) -> Secret { Secret(copying: Array(text.utf8).span) }

func text(_ secret: borrowing Secret) -> String {
    secret.withBytes { bytes in String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self) }
}

extension Store {
    func put(_ name: String, _ value: String, at seconds: Double = 0) throws {
        try write(StoredName(name), secret(value), at: time(seconds))
    }

    func get(_ name: String) throws -> String? {
        switch try read(StoredName(name)) {
        case .some(let found): text(found)
        case .none: nil
        }
    }

    /// All that is in it.
    func all() throws -> [String: String] {
        var all: [String: String] = [:]
        for key in try list() { all[key.name.text] = try get(key.name.text) }
        return all
    }
}

/// The fault of a call that must fail.
func fault(_ body: () throws -> Void) -> StoreFault? {
    do {
        try body()
        return nil
    } catch {
        return error as? StoreFault
    }
}

extension KeyDerivation {
    /// The least that a passphrase may have, since tests have no secrets.
    static var quick: KeyDerivation {
        KeyDerivation(method: .scrypt(n: 1 << 14, r: 8, p: 1), salt: today(for: .passphrase).salt)
    }
}
