import Foundation
import OstiaryCore
import Testing

@testable import OstiaryVault

@Suite struct ClaudeThroneTests {
    private static let key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
    /// Made by Python's `cryptography` 48.
    private static let token =
        "gAAAAABrSdIAAAECAwQFBgcICQoLDA0OD8-bIYvSZmJb1bxWCddIDpgVQ7KvHSz5ij2aKlZHSjYIyLA81LzLzOfN4E4O59aX"
        + "Thxmkq_z8kj_LJnrolZCrrBegGLadnF0XQGVc2BMSBGWe36QmJ76yr2OyX9qvmk19A=="
    private static let withoutKey =
        "gAAAAABrSdIAAAECAwQFBgcICQoLDA0OD8NiRQra9VvqgO6Oh1tZ6S8-kfC-SImzpoyQButs-DRJm6r9xG9O0V0GIkdtys58"
        + "NA=="
    private static let withLineEnd =
        "gAAAAABrSdIAAAECAwQFBgcICQoLDA0OD5dVikrUg72BAbe-KyYcYoVGIhWhGD-JJe_3JaaBbA-gI7yjTRJi5cWCpqnal1a0"
        + "ou2AuL7FdzigF7Z1jDCUUXU="

    private func folder(_ files: [String: String], key: String? = key) throws -> Folder {
        let folder = try Folder()
        if let key { _ = try folder.file(key, name: ".encryption_key") }
        for (name, text) in files { _ = try folder.file(text, name: name) }
        return folder
    }

    private func take(_ folder: Folder, into store: MemoryStore, isReplacing: Bool = false) throws -> [String] {
        let outcome = try ClaudeThroneFolder(path: folder.path).move(into: store, isReplacing: isReplacing, at: time(0))
        return outcome.taken.map(\.text) + outcome.left.map { "left \($0)" }
    }

    /// The vector of the format's specification.
    @Test func opensTheSpecificationsToken() throws {
        let key = try #require(FernetKey(Array("cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=".utf8)))
        let token =
            "gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA=="
        switch key.open(Array(token.utf8)) {
        case .some(let plain): #expect(text(plain) == "hello")
        case .none: Issue.record("not opened")
        }
    }

    @Test func takesEveryKeyAndLeavesTheFolderAsItIs() throws {
        let folder = try folder(["openai.key": Self.token, "groq.key": Self.token + "\n", "readme.txt": "no key"])
        let before = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        let store = MemoryStore()
        #expect(try take(folder, into: store) == ["groq", "openai"])
        #expect(try store.all() == ["groq": "sk-canary-1", "openai": "sk-canary-1"])
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == before)
    }

    @Test func leavesKeysAloneThatAreThereUnlessTold() throws {
        let folder = try folder(["openai.key": Self.token])
        let store = MemoryStore()
        try store.put("openai", "sk-newer")
        #expect(try take(folder, into: store) == ["left openai"])
        #expect(try store.get("openai") == "sk-newer")
        #expect(try take(folder, into: store, isReplacing: true) == ["openai"])
        #expect(try store.get("openai") == "sk-canary-1")
    }

    @Test func aDryRunWritesNothing() throws {
        let folder = try folder(["openai.key": Self.token])
        let store = MemoryStore()
        let throne = ClaudeThroneFolder(path: folder.path)
        let outcome = try throne.move(into: store, isReplacing: false, isDryRun: true, at: time(0))
        #expect(outcome.taken.map(\.text) == ["openai"])
        #expect(store.list().isEmpty)
    }

    @Test func oneDamagedFileStopsEverything() throws {
        for bad in [
            "", "gAAAA", String(Self.token.dropLast(4)), Self.token.replacing("gAAAAA", with: "gAAAAB"),
            Self.token + "AAAA", Self.withoutKey, Self.withLineEnd,
        ] {
            let folder = try folder(["a.key": Self.token, "b.key": bad])
            let store = MemoryStore()
            let found = try #require(fault { _ = try take(folder, into: store) }, "\(bad)")
            #expect(!found.description.contains("canary"))
            #expect(store.list().isEmpty)
        }
    }

    @Test func everyFlippedBitIsRefused() throws {
        let key = try #require(FernetKey(Array(Self.key.utf8)))
        let good = Array(Self.token.utf8)
        for index in good.indices {
            var token = good
            token[index] ^= 1
            if case .some = key.open(token) { Issue.record("opened with byte \(index) changed") }
        }
        for count in 0..<good.count {
            if case .some = key.open(Array(good[..<count])) { Issue.record("opened with \(count) bytes") }
        }
    }

    @Test func refusesOtherKeysAndWideModes() throws {
        let other = Base64URL.encode([UInt8](repeating: 7, count: 32)) + "="
        for key in [other, "short", nil] {
            let folder = try folder(["a.key": Self.token], key: key)
            #expect(fault { _ = try take(folder, into: MemoryStore()) } != nil)
        }
        let folder = try folder(["a.key": Self.token])
        chmod(folder.path + "/.encryption_key", 0o644)
        let found = fault { _ = try take(folder, into: MemoryStore()) }
        #expect(found?.hint == "chmod 600 \(folder.path)/.encryption_key")
    }
}
